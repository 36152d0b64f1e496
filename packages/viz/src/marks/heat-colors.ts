// Numbers as the pixels of a picture, and the colour bar that goes with them.
import type { ColorScale } from "../color-scale.ts";
import { scalePosition } from "../color-scale.ts";
import { createElement } from "../create-element.ts";
import { signedColor } from "../diverging.ts";
import { encodePng, pngDataUrl } from "../encode-png.ts";
import { formatNumber } from "../format-value.ts";
import { viridis } from "../viridis.ts";
import { VizError } from "../viz-error.ts";
import { colorBar } from "./color-bar.ts";

type Pixel = readonly [red: number, green: number, blue: number, opacity: number];

/** Of either sign over the theme's neutral, legible in light and dark. */
const POSITIVE = [0x2f, 0x7a, 0xbf] as const;
const NEGATIVE = [0xc2, 0x3b, 0x45] as const;
const NO_VALUE: Pixel = [0x88, 0x88, 0x88, 255];

/**
 * A matrix as the `data:` URL of a picture, one pixel a number; grey where it is NaN.
 * @throws VizError VIZ_VALUE for an infinite number, or one outside of the scale
 */
export function heatUrl(
  figure: string,
  data: ArrayLike<number>,
  shape: {
    readonly rows: number;
    readonly columns: number;
    readonly scale: { readonly max: number } | ColorScale;
  },
): string {
  const { rows, columns, scale } = shape;
  const pixels = new Uint8Array(4 * rows * columns);
  for (let at = 0; at < rows * columns; at++)
    pixels.set(pixelOf(figure, data[at] ?? Number.NaN, scale), 4 * at);
  return pngDataUrl(encodePng(pixels, columns, rows, 4));
}

function pixelOf(
  figure: string,
  value: number,
  scale: { readonly max: number } | ColorScale,
): Pixel {
  if (Number.isNaN(value)) return NO_VALUE;
  if (!Number.isFinite(value))
    throw new VizError("VIZ_VALUE", `${figure}: value ${value} is not a finite number`, { value });
  if ("max" in scale) {
    const { sign, share } = signedColor(figure, value, scale.max);
    return [...(sign === "" ? POSITIVE : NEGATIVE), Math.round(255 * share)];
  }
  const color = viridis[Math.round(255 * scalePosition(scale, value))] ?? "#000000";
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) =>
    Number.parseInt(color.slice(from, from + 2), 16),
  );
  return [red, green, blue, 255];
}

/** The colour bar of a scale; `write` writes its ticks, which `title` gives the unit of. */
export function heatBar(
  document: Document,
  scale: { readonly max: number } | ColorScale,
  { title, write }: { readonly title: string; readonly write: (value: number) => string },
): HTMLElement {
  if (!("max" in scale)) return colorBar(document, scale, title, write);
  const { max } = scale;
  const steps = Float32Array.from({ length: 101 }, (_, at) => max * (at / 50 - 1));
  const strip = createElement(document, "img", {
    class: "prisma-color-strip prisma-heat-strip",
    src: heatUrl("heatMap", steps, { rows: 1, columns: steps.length, scale }),
    alt: "",
  });
  const ticks = [-max, 0, max].map((value, at) => {
    const tick = createElement(document, "span", { class: "prisma-color-tick" }, [write(value)]);
    tick.style.setProperty("left", `${50 * at}%`);
    return tick;
  });
  return createElement(
    document,
    "div",
    {
      class: "prisma-color-bar",
      role: "img",
      "aria-label": `${title}: red is below zero, blue above, to ${formatNumber(max)}`,
    },
    [
      createElement(document, "span", { class: "prisma-color-title" }, [title]),
      createElement(document, "div", { class: "prisma-color-scale" }, [strip, ...ticks]),
    ],
  );
}
