// Budgets: what a run would keep, counted before anything runs, and an error that says what to leave out.
import { PrismaError, type Tensor } from "@prisma/tensor";

/** Bytes of a tensor on a device. */
export const bytesOf = ({ size, dtype }: Tensor): number => size * (dtype === "f16" ? 2 : 4);

/** Names an error lists. */
const LISTED = 3;

/**
 * Holds what a run keeps to `budget` bytes.
 * @throws PrismaError ARGUMENT_INVALID for a budget that is no number of bytes, SIZE_LIMIT when more would be kept
 */
export function checkBudget(
  budget: number,
  kept: readonly ReadonlyMap<string, Tensor>[],
  doing: string,
): void {
  if (!(budget >= 0))
    throw new PrismaError("ARGUMENT_INVALID", `${doing}: the budget is ${budget} bytes`);
  const bytes = new Map<string, number>();
  for (const tensors of kept)
    for (const [name, tensor] of tensors) bytes.set(name, (bytes.get(name) ?? 0) + bytesOf(tensor));
  const total = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  if (total <= budget) return;
  const largest = [...bytes].sort(([, a], [, b]) => b - a);
  const listed = largest.slice(0, LISTED).map(([name, one]) => `${name} ${one}`);
  throw new PrismaError(
    "SIZE_LIMIT",
    `${doing}: ${total} bytes would be kept, the budget is ${budget}; ` +
      `leave out ${leftOut(largest, total - budget)} of the ${bytes.size} names, the largest first (${listed.join(", ")}), name fewer, or cut with posSlice`,
    { bytes: total, budget, largest: largest.slice(0, LISTED) },
  );
}

/** How many of `largest` have to go until `excess` bytes are gone. */
function leftOut(largest: readonly (readonly [string, number])[], excess: number): number {
  let [rest, count] = [excess, 0];
  for (const [, one] of largest) {
    if (rest <= 0) break;
    rest -= one;
    count++;
  }
  return count;
}
