// A hooked model that is no ViT: two blocks in which heads take the mean of all tokens, small enough for loops.
import {
  blockHook,
  HookedModel,
  type FoundTarget,
  type HookName,
  type LogitDirections,
  type LogitTarget,
  type Pass,
  type ResolvedRange,
  type Tokens,
} from "@prisma/hooks";
import { einsum, full, tensor, zeros, type Tensor } from "@prisma/tensor";

type Name = HookName<2>;

/** Weights as plain numbers: positions [P, D], what heads write [layer][H, D], the head [D, C] and its bias. */
export const MIXING = {
  positions: [
    [0.5, -0.25],
    [0, 1],
    [-0.75, 0.125],
  ],
  written: [
    [
      [0.5, -1],
      [0.25, 0.75],
    ],
    [
      [-0.5, 0.375],
      [1, 0.5],
    ],
  ],
  head: [
    [1, -0.5, 0.25],
    [0.5, 2, -1],
  ],
  bias: [0.1, -0.2, 0.3],
} as const;

const BLOCK = [
  "hook_resid_pre",
  "attn.hook_v",
  "attn.hook_pattern",
  "attn.hook_z",
  "hook_attn_out",
  "hook_resid_post",
] as const;
const NAMES: readonly Name[] = [
  "hook_embed",
  "hook_pos_embed",
  "hook_full_embed",
  ...BLOCK.map((hook) => blockHook(0, hook)),
  ...BLOCK.map((hook) => blockHook(1, hook)),
  "hook_post_head_pre_normalize",
];

/** Input [B, 3, 2], which is the embedding. Head h reads component h of the stream. Logits [B, 3] of the mean of tokens. */
export class MixingModel extends HookedModel<Name> {
  readonly layers = 2;
  readonly labels = ["red", "green", "blue"];
  readonly config = { eps: 1e-6 };
  readonly tokens: Tokens = {
    cls: null,
    registers: [],
    patches: [0, 1, 2],
    grid: [1, 3],
    readout: "all",
  };
  readonly parameters: ReadonlyMap<string, Tensor>;

  constructor() {
    super(NAMES, new Set());
    this.parameters = new Map([
      ["pos_embed.W_pos", tensor(MIXING.positions)],
      ...MIXING.written.flatMap((rows, layer): [string, Tensor][] => [
        [`blocks.${layer}.attn.W_O`, tensor(rows.map((row) => [row]))], // [H, 1, D]
        [`blocks.${layer}.attn.b_O`, zeros([2])],
      ]),
      ["head.W_H", tensor(MIXING.head)],
      ["head.b_H", tensor(MIXING.bias)],
    ]);
  }

  #weight(name: string): Tensor {
    return this.parameters.get(name)!;
  }

  protected override build(input: Tensor, pass: Pass<Name>, range: ResolvedRange): Tensor {
    let stream = range.embed ? this.#embed(input, pass) : input;
    for (const layer of [0, 1] as const) {
      if (layer >= range.start && layer < range.stop) stream = this.#block(stream, layer, pass);
    }
    if (!range.head) return stream;
    const logits = einsum("bd,dc->bc", stream.mean(1), this.#weight("head.W_H"));
    return pass.at("hook_post_head_pre_normalize", logits.add(this.#weight("head.b_H")));
  }

  #embed(input: Tensor, pass: Pass<Name>): Tensor {
    const positions = this.#weight("pos_embed.W_pos").expand(input.shape);
    const sum = pass.at("hook_embed", input).add(pass.at("hook_pos_embed", positions));
    return pass.at("hook_full_embed", sum);
  }

  #block(stream: Tensor, layer: 0 | 1, pass: Pass<Name>): Tensor {
    const pre = pass.at(blockHook(layer, "hook_resid_pre"), stream); // [B, P, D]
    const [batch = 0] = pre.shape;
    const v = pass.at(blockHook(layer, "attn.hook_v"), pre.unsqueeze(3)); // [B, P, H, 1]
    const looked = full([batch, 2, 3, 3], 1 / 3);
    const pattern = pass.at(blockHook(layer, "attn.hook_pattern"), looked);
    const z = pass.at(blockHook(layer, "attn.hook_z"), einsum("bhqk,bkhe->bqhe", pattern, v));
    const written = einsum("bqhe,hed->bqd", z, this.#weight(`blocks.${layer}.attn.W_O`));
    const out = pass.at(blockHook(layer, "hook_attn_out"), written);
    return pass.at(blockHook(layer, "hook_resid_post"), pre.add(out));
  }

  protected override exampleInput(batch: number): Tensor {
    return zeros([batch, 3, 2]);
  }

  /** Pairs alone: there is no norm, so these are columns of the head. */
  logitDirections(targets: readonly LogitTarget[]): LogitDirections {
    const found = targets.map((target): FoundTarget => {
      const [of, against] = (target as readonly [string, string]).map((one) =>
        this.labelIndex(one),
      );
      return { name: "a pair", of: of!, against: against! };
    });
    const differences = (row: readonly number[]): number[] =>
      found.map(({ of, against }) => row[of]! - row[against as number]!);
    const columns = MIXING.head.map(differences); // [D][n]
    const directions = tensor(found.map((_, n) => columns.map((row) => row[n]!)));
    return { directions, bias: tensor(differences(MIXING.bias)), targets: found };
  }

  dispose(): void {
    for (const weight of this.parameters.values()) weight.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
