// Signed numbers as colours: one hue for each sign, fading to the neutral of the theme at zero.
import { VizError } from "./viz-error.ts";

/** Classes and custom property that colour an element by `value` on the scale from `-max` to `max`. */
export interface SignedColor {
  /** `prisma-negative` or an empty text. */
  readonly sign: "" | "prisma-negative";
  /** Distance from zero as a share of `max`, 0 to 1, three decimals. */
  readonly share: number;
}

/** Beyond this share of the scale letters are drawn in the colour of the surface. */
export const STRONG_SHARE = 0.62;

/**
 * How `value` is coloured on the scale from `-max` to `max`.
 * @throws VizError VIZ_VALUE where the value does not lie on the scale, or `max` is not above zero
 */
export function signedColor(figure: string, value: number, max: number): SignedColor {
  // Sums of float32 may pass their own largest magnitude by a rounding.
  if (max > 0 && Math.abs(value) <= max * (1 + 1e-6)) {
    const share = Math.round(1000 * Math.min(1, Math.abs(value) / max)) / 1000;
    return { sign: value < 0 ? "prisma-negative" : "", share };
  }
  throw new VizError(
    "VIZ_VALUE",
    `${figure}: value ${value} is outside the colour scale from ${-max} to ${max}; pass a larger max`,
    { value, max },
  );
}

/** Colours `element`, which needs the class `prisma-signed-cell`, by `value`. */
export function paintSigned(
  figure: string,
  element: HTMLElement | SVGElement,
  value: number,
  max: number,
): void {
  const { sign, share } = signedColor(figure, value, max);
  element.style.setProperty("--share", `${(100 * share).toFixed(1)}%`);
  element.classList.toggle("prisma-negative", sign !== "");
  element.classList.toggle("prisma-strong", share > STRONG_SHARE);
}
