// What tokens would answer, in the shape of the lens figures.
import type { LensClass } from "@prisma/viz";
import { classSign } from "./class-sign.ts";
import type { LensAnswer, ModelFacts } from "./engine.ts";

/** Each token's likeliest classes with their names and signs. */
export function lensClasses(
  answers: readonly LensAnswer[],
  { labels }: Pick<ModelFacts, "labels">,
): LensClass[][] {
  return answers.map(({ classes, probabilities }) =>
    classes.map((at, rank) => ({
      label: labels[at] ?? "",
      sign: classSign(labels[at] ?? ""),
      probability: probabilities[rank] ?? 0,
    })),
  );
}
