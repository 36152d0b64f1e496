// A small picture drawn pixel by pixel, with the grid of patches a model cuts it into.
import { adoptStyles } from "../adopt-styles.ts";
import { checkIndex } from "../check-array.ts";
import { createElement, createSvgElement, setAttribute } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { pictureUrl } from "../picture.ts";
import type { Picture } from "../picture.ts";

/** A place in the grid of patches. */
export type PatchPosition = readonly [row: number, column: number];

/** A picture, what it shows in words, and its patches. */
export interface PixelImageData extends Picture {
  /** The text alternative. */
  readonly label: string;
  readonly grid?: readonly [rows: number, columns: number];
  /** The patch to frame; none when left out or null. */
  readonly marked?: PatchPosition | null;
}

/** Options of `pixelImage`. */
export interface PixelImageOptions extends FigureOptions {
  /** The patch under the pointer, or null when it has left. Needs a `grid`. */
  readonly onHover?: (patch: PatchPosition | null) => void;
}

const figureName = "pixelImage";

/**
 * A picture with crisp pixels. Patch borders show while the pointer is on it or a patch is marked.
 * @throws VizError VIZ_SHAPE, VIZ_VALUE, VIZ_INDEX, VIZ_DOCUMENT
 * @example
 * const { element } = pixelImage(
 *   { shape: [1, 2], data: [0, 255], label: "Black, then white" },
 *   { document },
 * );
 * element.getAttribute("aria-label"); // "Black, then white"
 */
export function pixelImage(
  data: PixelImageData,
  options: PixelImageOptions = {},
): Figure<PixelImageData> {
  const document = figureDocument(options);
  adoptStyles(document);
  const image = createElement(document, "img", {
    class: "prisma-pixels",
    alt: "",
    decoding: "sync",
  });
  const borders = createSvgElement(document, "path", { class: "prisma-borders" });
  const frame = createSvgElement(document, "rect", { class: "prisma-mark", width: 1, height: 1 });
  const overlay = createSvgElement(
    document,
    "svg",
    { preserveAspectRatio: "none", "aria-hidden": "true" },
    [borders, frame],
  );
  const element = createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-pixel-image", role: "img" },
    [image, overlay],
  );
  let { grid } = data;

  const update = (next: PixelImageData): void => {
    const url = pictureUrl(figureName, next);
    const [rows, columns] = next.grid ?? [1, 1];
    const marked = next.marked ?? null;
    if (marked !== null) {
      checkIndex(figureName, "patch row", marked[0], rows);
      checkIndex(figureName, "patch column", marked[1], columns);
    }
    const [height = 0, width = 0] = next.shape;
    setAttribute(image, "width", width);
    setAttribute(image, "height", height);
    setAttribute(image, "src", url);
    setAttribute(overlay, "viewBox", `0 0 ${columns} ${rows}`);
    setAttribute(borders, "d", gridPath(rows, columns));
    setAttribute(frame, "x", marked?.[1] ?? 0);
    setAttribute(frame, "y", marked?.[0] ?? 0);
    element.classList.toggle("prisma-marked", marked !== null);
    setAttribute(element, "aria-label", next.label);
    grid = next.grid;
  };
  update(data);
  if (options.onHover !== undefined) followPointer(element, () => grid, options.onHover);
  return { element, update };
}

/** Lines between the patches, as an SVG path in patch units. */
function gridPath(rows: number, columns: number): string {
  const across = Array.from({ length: rows - 1 }, (_, row) => `M0 ${row + 1}h${columns}`);
  const down = Array.from({ length: columns - 1 }, (_, column) => `M${column + 1} 0v${rows}`);
  return [...across, ...down].join("");
}

function followPointer(
  element: HTMLElement,
  grid: () => readonly [number, number] | undefined,
  onHover: (patch: PatchPosition | null) => void,
): void {
  let last = "";
  const report = (patch: PatchPosition | null): void => {
    if (String(patch) === last) return;
    last = String(patch);
    onHover(patch);
  };
  element.addEventListener("pointerleave", () => report(null));
  element.addEventListener("pointermove", (event) => {
    const [rows, columns] = grid() ?? [0, 0];
    const box = element.getBoundingClientRect();
    const row = Math.floor((rows * (event.clientY - box.top)) / box.height);
    const column = Math.floor((columns * (event.clientX - box.left)) / box.width);
    const inside = row >= 0 && row < rows && column >= 0 && column < columns;
    report(inside ? [row, column] : null);
  });
}
