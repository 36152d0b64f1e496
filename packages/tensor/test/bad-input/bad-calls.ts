// Bad calls, and small tensors for them.
import { tensor, type ErrorCode, type Tensor } from "@prisma/tensor";

/** A call on tensors made inside it, the code it fails with, and what the message says. */
export type BadCall = readonly [call: () => unknown, code: ErrorCode, message: RegExp];

/** Bad calls by the name of what is called. */
export type BadCalls = Readonly<Record<string, readonly BadCall[]>>;

/** [2, 3], 1 to 6. */
export const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
/** [4], 1 to 4. */
export const vector = (): Tensor => tensor([1, 2, 3, 4]);
export const scalar = (): Tensor => tensor(1);
/** [2], i32. */
export const indices = (): Tensor => tensor([0, 1], { dtype: "i32" });
export const bools = (): Tensor => tensor([true, false]);
/** A tensor after dispose. */
export function gone(): Tensor {
  const x = tensor([1, 2]).named("gone");
  x.dispose();
  return x;
}
/** A tensor of `rank` axes of size 1. */
export const ofRank = (rank: number): Tensor => tensor([1]).reshape(Array(rank).fill(1));

/** The same calls for each of `names`. */
export const each = <Name extends string>(
  names: readonly Name[],
  calls: (name: Name) => readonly BadCall[],
): BadCalls => Object.fromEntries(names.map((name) => [name, calls(name)]));
