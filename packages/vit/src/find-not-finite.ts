// Weights that hold NaN or infinities: said, not mended.
import { quoteName, scope, stack, type Tensor } from "@prisma/tensor";

/** Names told in one warning. */
const TOLD = 5;

/** Names of those `parameters` that hold a NaN or an infinity. Looks at every value once, on the device. */
export async function findNotFinite(
  parameters: ReadonlyMap<string, Tensor>,
): Promise<readonly string[]> {
  if (parameters.size === 0) return [];
  using finite = scope(() => stack([...parameters.values()].map((one) => one.isFinite().all())));
  const flags = await finite.data();
  return [...parameters.keys()].filter((_, i) => !flags[i]);
}

/**
 * One sentence on weights that are no numbers, or null where all are.
 * @example
 * await notFiniteWarning(model.parameters); // null
 */
export async function notFiniteWarning(
  parameters: ReadonlyMap<string, Tensor>,
): Promise<string | null> {
  const names = await findNotFinite(parameters);
  if (names.length === 0) return null;
  const told = names.slice(0, TOLD).map((name) => quoteName(name));
  const more = names.length > TOLD ? ` and ${names.length - TOLD} more` : "";
  return (
    `the checkpoint holds NaN or infinities in ${told.join(", ")}${more}; they are kept as they are, ` +
    "and whatever is computed from them may be NaN"
  );
}
