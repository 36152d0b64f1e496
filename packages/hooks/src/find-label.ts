// Class names to class numbers, without guessing.
import { PrismaError, quoteName } from "@prisma/tensor";
import { nearestName } from "./nearest-name.ts";

/**
 * The class that `label` means: its number, its exact name, or a part of exactly one name, whatever the case.
 * @throws PrismaError ARGUMENT_INVALID for a number that is no class, a text in no name, or in several, which are listed
 */
export function findLabel(labels: readonly string[], label: string | number): number {
  if (typeof label === "number") {
    if (Number.isInteger(label) && label >= 0 && label < labels.length) return label;
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `class ${label} is not one of 0 to ${labels.length - 1}`,
      { label },
    );
  }
  const exact = labels.indexOf(label);
  if (exact >= 0) return exact;
  const holding = labels.flatMap((name, i) =>
    name.toLowerCase().includes(label.toLowerCase()) ? [i] : [],
  );
  const [only] = holding;
  if (only !== undefined && holding.length === 1) return only;
  const names = holding.slice(0, 8).map((i) => quoteName(labels[i] ?? ""));
  const problem =
    holding.length === 0
      ? `is in no class name; did you mean ${quoteName(nearestName(label, labels) ?? "")}?`
      : `is in ${holding.length} class names: ${names.join(", ")}`;
  throw new PrismaError("ARGUMENT_INVALID", `${quoteName(label)} ${problem}`, {
    label,
    classes: holding,
  });
}
