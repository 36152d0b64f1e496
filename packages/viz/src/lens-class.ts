// What a token would answer: its likeliest classes, checked, as a sign and in words.
import { finiteAt } from "./check-array.ts";
import { formatPercent } from "./format-value.ts";
import { VizError } from "./viz-error.ts";

/** One class at one token. */
export interface LensClass {
  readonly label: string;
  /** A sign for the class, such as an emoji; the label's first two letters when left out. */
  readonly sign?: string;
  /** 0 to 1. */
  readonly probability: number;
}

/** Classes told of a token that is pointed at. */
const TOLD = 3;

/**
 * Checks that there is a class, and that probabilities are from 0 to 1.
 * @throws VizError VIZ_SHAPE, VIZ_VALUE
 */
export function checkClasses(figure: string, classes: readonly LensClass[], place: string): void {
  if (classes.length === 0)
    throw new VizError("VIZ_SHAPE", `${figure}: ${place} has no class`, { place });
  for (const { probability } of classes) {
    const value = finiteAt(figure, [probability], 0);
    if (value >= 0 && value <= 1) continue;
    throw new VizError("VIZ_VALUE", `${figure}: probability ${value} at ${place}`, {
      place,
      value,
    });
  }
}

/** What stands for a class where there is little room. */
export function signOf({ sign, label }: LensClass): string {
  return sign ?? label.slice(0, 2);
}

/** Whether a class has a sign of more letters than stand in a cell at full size. */
export function hasLongSign(classes: readonly LensClass[]): boolean {
  const [best] = classes;
  return best !== undefined && [...signOf(best)].length > 2;
}

/** How strongly a class is drawn, as a CSS opacity; what is unlikely still shows. */
export function strengthOf({ probability }: LensClass): string {
  return (0.25 + 0.75 * probability).toFixed(3);
}

/** The likeliest classes in words. */
export function tellClasses(classes: readonly LensClass[]): string {
  return classes
    .slice(0, TOLD)
    .map(({ label, sign, probability }) =>
      [label.includes(sign ?? label) ? "" : sign, label, formatPercent(probability)]
        .filter(Boolean)
        .join(" "),
    )
    .join(", ");
}
