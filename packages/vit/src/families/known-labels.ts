// Class names of a model: its own, or those of a data set that it names, fetched only then.
import type { ModelFacts } from "./family.ts";

/** The names; null where there are none. */
export async function knownLabels({
  labels,
}: Pick<ModelFacts, "labels">): Promise<readonly string[] | null> {
  if (labels !== "imagenet-1k") return labels;
  const { IMAGENET_1K_LABELS } = await import("./imagenet-labels.ts");
  return IMAGENET_1K_LABELS;
}
