// A stated map from numbers to viridis colours that does not depend on the data being drawn.
import { viridis } from "./viridis.ts";
import { VizError } from "./viz-error.ts";

/**
 * From which number to which the colours run, and how they are spaced between.
 * `sqrt` spends more colours on small values; the colour bar's ticks always say so.
 */
export interface ColorScale {
  readonly domain: readonly [number, number];
  readonly spacing: "linear" | "sqrt";
}

/** The scale of every attention figure: 0 to 1, spaced by square root, the same for any data. */
export const attentionScale: ColorScale = { domain: [0, 1], spacing: "sqrt" };

// Rows of a float32 softmax sum to one within about 1e-6.
const slack = 1e-4;

/**
 * Where a value lies on a scale, from 0 to 1.
 * @throws VizError VIZ_VALUE when it is not finite or lies outside the domain.
 */
export function scalePosition(scale: ColorScale, value: number): number {
  const [low, high] = scale.domain;
  const share = (value - low) / (high - low);
  if (!(share >= -slack && share <= 1 + slack)) {
    throw new VizError(
      "VIZ_VALUE",
      `value ${value} is outside the colour scale from ${low} to ${high}; pass a scale that holds it`,
      { value, domain: [low, high] },
    );
  }
  const inside = Math.min(1, Math.max(0, share));
  return scale.spacing === "sqrt" ? Math.sqrt(inside) : inside;
}

/** The colour of a value as `#rrggbb`. Throws as `scalePosition`. */
export function scaleColor(scale: ColorScale, value: number): string {
  return viridis[Math.round(255 * scalePosition(scale, value))] ?? "#000000";
}

/** Black or white, whichever is easier to read on the colour of this value. */
export function scaleInk(scale: ColorScale, value: number): string {
  // Viridis passes the lightness where black and white read equally well at 43 % of its length.
  return scalePosition(scale, value) < 0.43 ? "#ffffff" : "#000000";
}
