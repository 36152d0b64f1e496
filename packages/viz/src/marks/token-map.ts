// A small map of one value per token: the patch grid, and above it the tokens that stand apart.
import { createSvgElement, setAttribute } from "../create-element.ts";
import { apartTokens, patchPosition } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

// Width of the space between the tokens apart and the grid, in patches.
const gap = 0.4;

/** One cell per token; `paint` colours them in token order, `mark` frames one. */
export interface TokenMap {
  readonly element: SVGSVGElement;
  paint(colors: readonly string[]): void;
  mark(token: number): void;
  /** Draws the picture of a URL faintly over the grid; null takes it away. */
  showPicture(url: string | null): void;
}

/** An SVG map of `count` tokens, one unit per patch, hidden from assistive technology (its owner speaks). */
export function createTokenMap(document: Document, layout: TokenLayout, count: number): TokenMap {
  const places = tokenPlaces(layout, count);
  const cells = places.map(([x, y]) =>
    createSvgElement(document, "rect", {
      x,
      y,
      width: 1,
      height: 1,
      "shape-rendering": "crispEdges",
    }),
  );
  const frame = createSvgElement(document, "rect", { class: "prisma-mark", width: 1, height: 1 });
  const [rows, columns] = layout.grid;
  const top = apartHeight(count - rows * columns);
  const picture = createSvgElement(document, "image", {
    class: "prisma-picture",
    y: top,
    width: columns,
    height: rows,
    preserveAspectRatio: "none",
  });
  const width = Math.max(...places.map(([x]) => x)) + 1;
  const element = createSvgElement(
    document,
    "svg",
    { viewBox: `0 0 ${width} ${top + rows}`, "aria-hidden": "true", class: "prisma-token-map" },
    [...cells, picture, frame],
  );
  return {
    element,
    paint: (colors) =>
      cells.forEach((cell, token) => setAttribute(cell, "fill", colors[token] ?? "none")),
    mark: (token) => {
      const [x, y] = places[token] ?? [0, 0];
      setAttribute(frame, "x", x);
      setAttribute(frame, "y", y);
    },
    showPicture: (url) => {
      if (url === null) picture.removeAttribute("href");
      else setAttribute(picture, "href", url);
    },
  };
}

/** Height of the row of tokens apart with the space under it, in patches. */
function apartHeight(apart: number): number {
  return apart > 0 ? 1 + gap : 0;
}

/** Left upper corner of every token's cell, in patches. */
function tokenPlaces(layout: TokenLayout, count: number): [x: number, y: number][] {
  const apart = apartTokens(layout);
  const top = apartHeight(apart.length);
  return Array.from({ length: count }, (_, token) => {
    const position = patchPosition(layout, token);
    return position === null ? [apart.indexOf(token), 0] : [position[1], top + position[0]];
  });
}
