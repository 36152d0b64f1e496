// Applies an operation by its golden name and arguments.
import { concat, einsum, linspace, stack, where, type Range, type Tensor } from "@prisma/tensor";

/** Arguments of all golden cases; each operation has its own. */
export interface GoldenArguments {
  readonly axes: readonly number[] | null;
  readonly keepDims: boolean;
  readonly correction: number;
  readonly axis: number | null;
  readonly eps: number;
  readonly other: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly classes: number;
  readonly k: number;
  readonly ranges: readonly Range[];
  readonly shape: readonly number[];
  readonly a: number;
  readonly b: number;
  readonly widths: readonly (readonly [number, number])[];
  readonly value: number;
  readonly equation: string;
  readonly descending: boolean;
  readonly diagonal: number;
  readonly parts: number | readonly number[];
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

type Apply = (inputs: readonly Tensor[], args: GoldenArguments) => Tensor | readonly Tensor[];

/** Calls the method `name` of `x`. */
function call(x: Tensor, name: string, ...args: readonly unknown[]): Tensor {
  const method: unknown = Reflect.get(x, name);
  if (typeof method !== "function") throw new Error(`a tensor has no method ${name}`);
  return Reflect.apply(method, x, args) as Tensor;
}

const reduction =
  (name: string): Apply =>
  ([x], { axes, keepDims, correction }) =>
    call(x!, name, axes ?? undefined, { keepDims, correction });

const alongAxis =
  (name: string): Apply =>
  ([x, ...rest], { axis }) =>
    call(x!, name, axis ?? undefined, ...rest);

const REDUCTIONS = [
  "sum",
  "prod",
  "any",
  "all",
  "mean",
  "max",
  "min",
  "norm",
  "logsumexp",
  "variance",
  "std",
];
const ALONG_AXIS = [
  "argmax",
  "argmin",
  "softmax",
  "logSoftmax",
  "gather",
  "indexSelect",
  "scatterAdd",
  "squeeze",
  "cumsum",
  "unsqueeze",
];

/** Operations with arguments of their own; all others are methods of tensors alone, or of a number. */
const APPLY: Readonly<Record<string, Apply>> = {
  ...Object.fromEntries(REDUCTIONS.map((name) => [name, reduction(name)])),
  ...Object.fromEntries(ALONG_AXIS.map((name) => [name, alongAxis(name)])),
  where: ([condition, a, b]) => where(condition!, a!, b!),
  clamp: ([x], { min, max }) => x!.clamp(min, max),
  layerNorm: ([x, weight, bias], { eps }) =>
    x!.layerNorm(weight && bias ? { weight, bias, eps } : { eps }),
  einsum: (inputs, { equation }) => einsum(equation, ...inputs),
  oneHot: ([x], { classes }) => x!.oneHot(classes),
  topK: ([x], { k }) => {
    const { values, indices } = x!.topK(k);
    return [values, indices];
  },
  get: ([x], { ranges }) => x!.get(ranges),
  set: ([x, value], { ranges }) => x!.set(ranges, value!),
  reshape: ([x], { shape }) => x!.reshape(shape),
  expand: ([x], { shape }) => x!.expand(shape),
  permute: ([x], { axes }) => x!.permute(axes ?? []),
  flip: ([x], { axes }) => x!.flip(axes ?? []),
  transpose: ([x], { a, b }) => x!.transpose(a, b),
  pad: ([x], { widths, value }) => x!.pad(widths, value),
  sort: ([x], { axis, descending }) => [
    x!.sort(axis ?? -1, { descending }),
    x!.argsort(axis ?? -1, { descending }),
  ],
  tril: ([x], { diagonal }) => x!.tril(diagonal),
  triu: ([x], { diagonal }) => x!.triu(diagonal),
  split: ([x], { parts, axis }) => x!.split(parts, axis ?? 0),
  take: ([x, index], { axis }) => x!.take(index!, axis ?? undefined),
  linspace: (_, { start, end, count }) => linspace(start, end, count),
  concat: (inputs, { axis }) => concat(inputs, axis ?? 0),
  stack: (inputs, { axis }) => stack(inputs, axis ?? 0),
};

/** The results of the operation `op`. */
export function applyGolden(
  op: string,
  inputs: readonly Tensor[],
  args: GoldenArguments,
): readonly Tensor[] {
  const [first, ...rest] = inputs;
  const operands = "other" in args ? [args.other] : rest;
  const result = APPLY[op]?.(inputs, args) ?? call(first!, op, ...operands);
  return Array.isArray(result) ? (result as Tensor[]) : [result as Tensor];
}
