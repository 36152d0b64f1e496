// A model of two blocks small enough to work out by hand: block l adds (l + 1) times the stream to it.
import { zeros, type Tensor } from "@prisma/tensor";
import {
  blockHook,
  HookedModel,
  type HookName,
  type Pass,
  type ResolvedRange,
  type Tokens,
} from "../src/index.ts";

type Name = HookName<2>;

const BLOCK = ["hook_resid_pre", "attn.hook_result", "hook_attn_out", "hook_resid_post"] as const;
const NAMES: readonly Name[] = [
  "hook_embed",
  ...BLOCK.map((hook) => blockHook(0, hook)),
  ...BLOCK.map((hook) => blockHook(1, hook)),
  "hook_post_head_pre_normalize",
];

/** Input [B, 3]. Embedding: 2 x. Output: minus the stream. Without hooks, -12 x. */
export class ToyModel extends HookedModel<Name> {
  readonly layers = 2;
  readonly parameters: ReadonlyMap<string, Tensor> = new Map();
  readonly tokens: Tokens = {
    cls: null,
    registers: [],
    patches: [0, 1, 2],
    grid: [1, 3],
    readout: "all",
  };
  readonly labels = null;

  constructor() {
    super(NAMES, new Set([blockHook(0, "attn.hook_result"), blockHook(1, "attn.hook_result")]));
  }

  protected override build(input: Tensor, pass: Pass<Name>, range: ResolvedRange): Tensor {
    let stream = range.embed ? pass.at("hook_embed", input.mul(2)) : input;
    for (const layer of [0, 1] as const) {
      if (layer >= range.start && layer < range.stop) stream = this.#block(stream, layer, pass);
    }
    return range.head ? pass.at("hook_post_head_pre_normalize", stream.neg()) : stream;
  }

  #block(stream: Tensor, layer: 0 | 1, pass: Pass<Name>): Tensor {
    const pre = pass.at(blockHook(layer, "hook_resid_pre"), stream);
    const costly = pass.wants(blockHook(layer, "attn.hook_result"));
    const added = costly
      ? pass.at(blockHook(layer, "attn.hook_result"), pre.mul(layer + 1))
      : pre.mul(layer + 1);
    return pass.at(
      blockHook(layer, "hook_resid_post"),
      pre.add(pass.at(blockHook(layer, "hook_attn_out"), added)),
    );
  }

  protected override exampleInput(batch: number): Tensor {
    return zeros([batch, 3]);
  }
}
