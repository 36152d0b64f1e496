// Activations of some of the images.
import { scope, type Tensor } from "@prisma/tensor";

/** Each activation at `slice` of its first axis, which a number drops; lazy views with handles of their own. */
export function batchSliced<Name extends string>(
  tensors: ReadonlyMap<Name, Tensor>,
  slice: number | readonly [from: number, to: number],
): Map<Name, Tensor> {
  const cut = scope(() => [...tensors.values()].map((tensor) => tensor.get([slice])));
  return new Map(
    [...tensors.keys()].flatMap((name, i) => {
      const tensor = cut[i];
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
}
