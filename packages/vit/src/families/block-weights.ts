// Weights of a block as checkpoints hold them: norms, projections of heads, what heads write, MLPs.
import type { Tensor } from "@prisma/tensor";
import type { BlockConfig } from "../transformer-block.ts";
import { linear, same, scaledBy, stacked, zero, type WeightSource } from "./family.ts";

type Into = WeightSource["into"];

/** Sizes that shapes are made of. */
export type BlockSizes = Pick<BlockConfig, "dModel" | "nHeads" | "dHead" | "dMlp">;

/**
 * Weight and bias of a layer norm.
 * @example
 * normWeights("norm", "ln_final", 8).length; // 2
 */
export function normWeights(from: string, to: string, width: number): WeightSource[] {
  return [same(`${from}.weight`, `${to}.w`, [width]), same(`${from}.bias`, `${to}.b`, [width])];
}

/** A linear layer whose rows are heads of the parts `letters`: all heads of one part, then of the next. */
export interface FusedNames {
  readonly weight: string;
  /** Null where there is none. */
  readonly bias: string | null;
  readonly to: string;
  readonly letters: string;
}

/** Parameters by part, each made by the view of its number. */
function parts(
  prefix: string,
  letters: string,
  view: (part: number) => (made: Tensor) => Tensor,
): Into {
  return Object.fromEntries(
    [...letters].map((letter, part) => [`${prefix}_${letter}`, view(part)]),
  );
}

/** Queries, keys and values (or some of them) that are one linear layer. */
export function fusedProjections(
  { weight, bias, to, letters }: FusedNames,
  { dModel: D, nHeads: H, dHead: E }: BlockSizes,
): WeightSource[] {
  const count = letters.length;
  const shape = [count * H * E];
  const matrix = (part: number) => (made: Tensor) =>
    made.reshape([count, H, E, D]).get([part]).transpose(); // [H, D, E]
  const row = (part: number) => (made: Tensor) => made.reshape([count, H, E]).get([part]); // [H, E]
  const biases = parts(`${to}.b`, letters, row);
  return [
    { from: { [weight]: [...shape, D] }, into: parts(`${to}.W`, letters, matrix) },
    bias === null ? zero(shape, biases) : { from: { [bias]: shape }, into: biases },
  ];
}

/** Queries, keys and values that are a linear layer each, put into one buffer. */
export function separateProjections(
  layers: readonly [q: string, k: string, v: string],
  { to, biased }: { readonly to: string; readonly biased: boolean },
  { dModel: D, nHeads: H, dHead: E }: BlockSizes,
): WeightSource[] {
  const names = (what: string): string[] => layers.map((layer) => `${layer}.${what}`);
  const matrix = (part: number) => (made: Tensor) =>
    made.get([part]).reshape([H, E, D]).transpose(); // [H, D, E]
  const row = (part: number) => (made: Tensor) => made.get([part]).reshape([H, E]); // [H, E]
  const biases = parts(`${to}.b`, "QKV", row);
  return [
    stacked(names("weight"), [H * E, D], parts(`${to}.W`, "QKV", matrix)),
    biased ? stacked(names("bias"), [H * E], biases) : zero([layers.length, H * E], biases),
  ];
}

/** What a part of a block writes with; layer scale is part of it. */
export interface Writing {
  readonly from: string;
  readonly to: string;
  readonly scale: string | null;
}

/** What heads write: `[D, H E]` as `[H, E, D]`, and the bias. */
export function attentionOutput(
  { from, to, scale }: Writing,
  { dModel: D, nHeads: H, dHead: E }: BlockSizes,
): WeightSource[] {
  const perHead = (proj: Tensor): Tensor => proj.reshape([D, H, E]).permute([1, 2, 0]); // [H, E, D]
  return [
    scaledBy(scale, { from: { [`${from}.weight`]: [D, H * E] }, into: { [`${to}.W_O`]: perHead } }),
    scaledBy(scale, same(`${from}.bias`, `${to}.b_O`, [D])),
  ];
}

/** The layers of an MLP, and what its output is scaled by. */
export interface MlpNames {
  readonly into: string;
  readonly out: string;
  readonly to: string;
  readonly scale: string | null;
}

/** Both layers of an MLP; with a gate the first layer's rows are the gate's, then those that it gates. */
export function mlpWeights(
  { into, out, to, scale }: MlpNames,
  { dModel: D, dMlp: M }: BlockSizes,
  gated: boolean,
): WeightSource[] {
  return [
    ...(gated
      ? gatedInput(into, to, [M, D])
      : [linear(`${into}.weight`, `${to}.W_in`, [M, D]), same(`${into}.bias`, `${to}.b_in`, [M])]),
    scaledBy(scale, linear(`${out}.weight`, `${to}.W_out`, [D, M])),
    scaledBy(scale, same(`${out}.bias`, `${to}.b_out`, [D])),
  ];
}

function gatedInput(
  from: string,
  to: string,
  [M, D]: readonly [hidden: number, width: number],
): WeightSource[] {
  const half = (part: number) => (made: Tensor) => made.get([[part * M, (part + 1) * M]]);
  return [
    {
      from: { [`${from}.weight`]: [2 * M, D] },
      into: {
        [`${to}.W_gate`]: (made) => half(0)(made).transpose(),
        [`${to}.W_in`]: (made) => half(1)(made).transpose(),
      },
    },
    {
      from: { [`${from}.bias`]: [2 * M] },
      into: { [`${to}.b_gate`]: half(0), [`${to}.b_in`]: half(1) },
    },
  ];
}

/** A head: `[C, D]` as `[D, C]`, and the bias; null where there is none. */
export function headWeights(
  from: string,
  to: string,
  {
    shape: [C, D],
    biased,
  }: { readonly shape: readonly [number, number]; readonly biased: boolean },
): WeightSource[] {
  const bias = `${to}.b_H`;
  return [
    linear(`${from}.weight`, `${to}.W_H`, [C, D]),
    biased ? same(`${from}.bias`, bias, [C]) : zero([C], { [bias]: (made) => made }),
  ];
}
