// The key to a colour scale: a strip of its colours with ticks at the values they stand for.
import { createElement } from "../create-element.ts";
import { encodePng, pngDataUrl } from "../encode-png.ts";
import { scalePosition } from "../color-scale.ts";
import type { ColorScale } from "../color-scale.ts";
import { viridis } from "../viridis.ts";

const shares = { sqrt: [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1], linear: [0, 0.25, 0.5, 0.75, 1] };

/** A colour bar for `scale`; `title` names the quantity and `format` writes its ticks with their unit. */
export function colorBar(
  document: Document,
  scale: ColorScale,
  title: string,
  format: (value: number) => string,
): HTMLElement {
  const [low, high] = scale.domain;
  const ticks = shares[scale.spacing].map((share) => low + share * (high - low));
  const strip = createElement(document, "img", {
    class: "prisma-color-strip",
    src: pngDataUrl(encodePng(viridisRow(), viridis.length, 1, 3)),
    alt: "",
  });
  const label = `${title}: colours from ${format(low)} (dark) to ${format(high)} (light)`;
  return createElement(
    document,
    "div",
    { class: "prisma-color-bar", role: "img", "aria-label": label },
    [
      createElement(document, "span", { class: "prisma-color-title" }, [title]),
      createElement(document, "div", { class: "prisma-color-scale" }, [
        strip,
        ...ticks.map((tick) => tickLabel(document, scalePosition(scale, tick), format(tick))),
      ]),
    ],
  );
}

function tickLabel(document: Document, position: number, text: string): HTMLElement {
  const tick = createElement(document, "span", { class: "prisma-color-tick" }, [text]);
  tick.style.setProperty("left", `${(100 * position).toFixed(2)}%`);
  return tick;
}

function viridisRow(): Uint8Array {
  return Uint8Array.from(
    viridis.flatMap((color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))),
  );
}
