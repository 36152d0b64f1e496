// The ways in which a logit difference is split: by summand, by head, by position, by head and source token.
import { blockHook, tokenLabels, type ActivationCache, type BlockHook } from "@prisma/hooks";
import { einsum, type Tensor } from "@prisma/tensor";
import { weightOf, type Classifier } from "./classifier.ts";
import { decomposeResidual, isResidualPart, type ResidualPart } from "./decompose-residual.ts";
import type { FrozenReadout } from "./frozen-readout.ts";
import { residualHooks } from "./residual-hooks.ts";
import type { Axis } from "./result.ts";

/** How a logit difference is split. */
export type AttributeBy = "component" | "head" | "position" | "patch";

/** One run of one image, and the way to the class difference. */
export interface SplitRun {
  readonly model: Classifier;
  readonly cache: ActivationCache;
  readonly readout: FrozenReadout;
}

/** What a split gives for one image, not yet computed. */
export interface Shares {
  readonly axes: readonly Axis[];
  /** Row-major over `axes`, in pieces of any shape. */
  readonly pieces: readonly Tensor[];
  /** Summands that have no place on `axes`: label and share, of size 1. */
  readonly rest: readonly (readonly [label: string, share: Tensor])[];
}

/** One way to split. */
interface Split {
  /** Whether the run has to keep the activation at `name`. */
  readonly reads: (name: string, model: Classifier) => boolean;
  readonly split: (run: SplitRun) => Shares;
}

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

/** What `rows` [B, P, D] add to the target by being in the stream. [B] */
function shareOf(rows: Tensor, { read, weights }: FrozenReadout): Tensor {
  return rows.get([null, read]).mul(weights).sum([1, 2]);
}

function sharesOf(
  parts: readonly ResidualPart[],
  readout: FrozenReadout,
): (readonly [label: string, share: Tensor])[] {
  return parts.map(({ label, rows }) => [label, shareOf(rows, readout)]);
}

function byComponent({ model, cache, readout }: SplitRun): Shares {
  const parts = sharesOf(decomposeResidual(model, cache), readout);
  return {
    axes: [{ name: "component", labels: parts.map(([label]) => label) }],
    pieces: parts.map(([, share]) => share),
    rest: [],
  };
}

/** Zero at tokens that are not read: they count only through what others took from them. */
function byPosition({ model, cache, readout }: SplitRun): Shares {
  const { read, weights } = readout;
  const labels = tokenLabels(model.tokens);
  const last = cache.get(residualHooks(model).at(-1) ?? ""); // [B, P, D]
  const shares = last.get([null, read]).mul(weights).sum(-1); // [B, R]
  return {
    axes: [{ name: "position", labels }],
    pieces: [
      shares.pad([
        [0, 0],
        [read[0], labels.length - read[1]],
      ]),
    ],
    rest: [],
  };
}

/** The axes `layer` and `head`. */
export function layersAndHeads(model: Classifier): Axis[] {
  const heads = model.layers === 0 ? 0 : (weightOf(model, "blocks.0.attn.W_O").shape[0] ?? 0);
  return [
    { name: "layer", labels: range(model.layers).map(String) },
    { name: "head", labels: range(heads).map(String) },
  ];
}

/** What each head's output is multiplied with at each read token. [B, R, H, E] */
function headWeights(model: Classifier, layer: number, readout: FrozenReadout): Tensor {
  return einsum("hed,brd->brhe", weightOf(model, `blocks.${layer}.attn.W_O`), readout.weights);
}

function byHead({ model, cache, readout }: SplitRun): Shares {
  const pieces = range(model.layers).map((layer) => {
    const z = cache.get(blockHook(layer, "attn.hook_z")).get([null, readout.read]); // [B, R, H, E]
    return z.mul(headWeights(model, layer, readout)).sum([1, 3]); // [B, H]
  });
  return {
    axes: layersAndHeads(model),
    pieces,
    rest: sharesOf(decomposeResidual(model, cache, "attn_bias"), readout),
  };
}

/** What each head takes from each token to each read token, and adds to the target there. [B, H, R, P] */
export function takenFrom({ model, cache, readout }: SplitRun, layer: number): Tensor {
  const [v, pattern] = [
    cache.get(blockHook(layer, "attn.hook_v")), // [B, P, H, E]
    cache.get(blockHook(layer, "attn.hook_pattern")), // [B, H, P, P]
  ];
  const worth = einsum("bshe,brhe->bhrs", v, headWeights(model, layer, readout)); // [B, H, R, P]
  return pattern.get([null, null, readout.read]).mul(worth);
}

function byPatch(run: SplitRun): Shares {
  const { model, cache, readout } = run;
  const pieces = range(model.layers).map((layer) => takenFrom(run, layer).sum(2)); // [B, H, P]
  return {
    axes: [...layersAndHeads(model), { name: "source", labels: tokenLabels(model.tokens) }],
    pieces,
    rest: sharesOf(decomposeResidual(model, cache, "attn_bias"), readout),
  };
}

/** Reads the hooks of blocks that `hooks` names, and the summands besides attention. */
function readsHeads(...hooks: readonly BlockHook[]): Split["reads"] {
  return (name) =>
    hooks.some((hook) => name.endsWith(`.${hook}`)) ||
    (isResidualPart(name) && !name.endsWith(".hook_attn_out"));
}

/** Every way to split. */
export const SPLITS: Readonly<Record<AttributeBy, Split>> = {
  component: { reads: isResidualPart, split: byComponent },
  head: { reads: readsHeads("attn.hook_z"), split: byHead },
  position: { reads: (name, model) => name === residualHooks(model).at(-1), split: byPosition },
  patch: { reads: readsHeads("attn.hook_v", "attn.hook_pattern"), split: byPatch },
};
