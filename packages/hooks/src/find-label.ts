// Class names to class numbers, without guessing.
import { PrismaError, quoteName } from "@prisma/tensor";
import { nearestName } from "./nearest-name.ts";

/** Ways a text may mean a class name, the closest first; the first that finds anything decides. */
const MATCHES: readonly ((name: string, label: string) => boolean)[] = [
  (name, label) => name === label,
  // ImageNet's names are synonyms with commas between them.
  (name, label) => name.toLowerCase().split(", ").includes(label.toLowerCase()),
  (name, label) => name.toLowerCase().includes(label.toLowerCase()),
];

function matching(labels: readonly string[], label: string): readonly number[] {
  for (const matches of MATCHES) {
    const found = labels.flatMap((name, i) => (matches(name, label) ? [i] : []));
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The class that `label` means: its number, its exact name, one of the synonyms that its name lists with commas, or a part
 * of a name, whatever the case. The first of these that finds anything must find one class.
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
  const found = matching(labels, label);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = found.slice(0, 8).map((i) => `${i} ${quoteName(labels[i] ?? "")}`);
  const problem =
    found.length === 0
      ? `is in no class name; did you mean ${quoteName(nearestName(label, labels) ?? "")}?`
      : `is in ${found.length} class names: ${names.join(", ")}`;
  throw new PrismaError("ARGUMENT_INVALID", `${quoteName(label)} ${problem}`, {
    label,
    classes: found,
  });
}
