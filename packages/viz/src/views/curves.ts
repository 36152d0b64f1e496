// Lines through the layers: one number a step for each of a few labelled series.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkShape, finiteAt } from "../check-array.ts";
import { createElement, createSvgElement, setAttribute } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatNumber, formatPercent } from "../format-value.ts";
import { VizError } from "../viz-error.ts";

/** Series of numbers over the same steps. */
export interface CurvesData {
  readonly shape: readonly [series: number, steps: number];
  readonly data: ArrayLike<number>;
  /** Names of the series, written at the ends of their lines. */
  readonly series: readonly string[];
  /** Names of the steps, such as `in`, `L0`, `L1`. */
  readonly steps: readonly string[];
  /** What is drawn, such as `probability`. */
  readonly title: string;
  readonly unit: "percent" | "number";
  /** Lowest and highest value that can be drawn. */
  readonly domain: readonly [number, number];
  /** Series drawn in full strength; the others stand back. All when left out. */
  readonly highlight?: readonly number[];
  /** A step to mark with an upright line. */
  readonly step?: number;
}

const figureName = "curves";

// User units of the drawing; the width leaves room for names at the ends of lines.
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 180, 40, 92, 8, 24];
/** More steps than this are not all named. */
const NAMED_STEPS = 8;
/** Least distance between two names, in user units. */
const LINE_HEIGHT = 14;

/**
 * Lines over steps with their names at the end, and the same numbers as a table for readers of text.
 * @throws VizError VIZ_SHAPE, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const { element } = curves(
 *   {
 *     shape: [1, 2],
 *     data: [0.25, 0.75],
 *     series: ["Bag"],
 *     steps: ["L0", "L1"],
 *     title: "probability",
 *     unit: "percent",
 *     domain: [0, 1],
 *   },
 *   { document },
 * );
 * element.getAttribute("aria-label"); // "probability from L0 to L1: Bag 25% to 75%."
 */
export function curves(data: CurvesData, options: FigureOptions = {}): Figure<CurvesData> {
  const document = figureDocument(options);
  adoptStyles(document);
  const element = createElement(document, "figure", {
    class: "prisma-figure prisma-curves",
    role: "group",
  });
  const update = (next: CurvesData): void => {
    const rows = readRows(next);
    element.replaceChildren(drawLines(document, next, rows), drawTable(document, next, rows));
    setAttribute(element, "aria-label", describe(next, rows));
  };
  update(data);
  return { element, update };
}

function readRows(data: CurvesData): number[][] {
  checkShape(figureName, data.shape, data.data.length, ["series", "steps"]);
  const [series, steps] = data.shape;
  checkCount(figureName, "series names", data.series.length, series);
  checkCount(figureName, "step names", data.steps.length, steps);
  const [low, high] = data.domain;
  return Array.from({ length: series }, (_, row) =>
    Array.from({ length: steps }, (__, step) => {
      const value = finiteAt(figureName, data.data, row * steps + step);
      if (value >= low && value <= high) return value;
      throw new VizError(
        "VIZ_VALUE",
        `${figureName}: value ${value} is outside the scale from ${low} to ${high}`,
        { value, domain: [low, high] },
      );
    }),
  );
}

/** Places on the drawing. */
function placesOf({ steps, domain: [low, high] }: CurvesData): {
  x: (step: number) => number;
  y: (value: number) => number;
} {
  const [width, height] = [WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM];
  return {
    x: (step) => LEFT + (steps.length === 1 ? 0 : (width * step) / (steps.length - 1)),
    y: (value) => TOP + height * (1 - (value - low) / (high - low)),
  };
}

function drawLines(document: Document, data: CurvesData, rows: readonly number[][]): SVGElement {
  const { x, y } = placesOf(data);
  const write = formatOf(data);
  const line = (from: [number, number], to: [number, number], kind: string): SVGElement =>
    createSvgElement(document, "line", {
      x1: from[0].toFixed(1),
      y1: from[1].toFixed(1),
      x2: to[0].toFixed(1),
      y2: to[1].toFixed(1),
      class: kind,
    });
  const text = (at: [number, number], words: string, kind: string): SVGElement =>
    createSvgElement(
      document,
      "text",
      { x: at[0].toFixed(1), y: at[1].toFixed(1), class: `prisma-curve-text ${kind}` },
      [words],
    );
  const [low, high] = data.domain;
  const levels = low < 0 && high > 0 ? [low, 0, high] : [low, high];
  const frame = levels.flatMap((value) => [
    line([LEFT, y(value)], [WIDTH - RIGHT, y(value)], "prisma-curve-level"),
    text([LEFT - 6, y(value) + 4], write(value), "prisma-curve-end"),
  ]);
  const every = Math.ceil(data.steps.length / NAMED_STEPS);
  const names = data.steps.flatMap((name, step) =>
    step % every === 0 ? [text([x(step), HEIGHT - 6], name, "prisma-curve-middle")] : [],
  );
  const marked = data.step;
  const marker =
    marked === undefined
      ? []
      : [line([x(marked), TOP], [x(marked), HEIGHT - BOTTOM], "prisma-curve-step")];
  const heights = spread(rows.map((row) => y(row.at(-1) ?? low)));
  const lines = rows.flatMap((row, at) => {
    const kind = data.highlight?.includes(at) === false ? "prisma-curve-quiet" : "";
    const points = row.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
    return [
      createSvgElement(document, "polyline", {
        points: points.join(" "),
        class: `prisma-curve prisma-curve-${at % 6} ${kind}`,
      }),
      text([WIDTH - RIGHT + 6, (heights[at] ?? 0) + 4], data.series[at] ?? "", kind),
    ];
  });
  return createSvgElement(
    document,
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    [...frame, ...names, ...marker, ...lines],
  );
}

/** Heights moved apart, in their order, so that names written there do not overlap. */
function spread(heights: readonly number[]): number[] {
  const order = heights.map((_, at) => at).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  const placed = [...heights];
  let last = TOP - LINE_HEIGHT;
  for (const at of order) {
    last = Math.max(placed[at] ?? 0, last + LINE_HEIGHT);
    placed[at] = last;
  }
  const over = Math.max(0, last - (HEIGHT - BOTTOM));
  return placed.map((height) => height - over);
}

function drawTable(document: Document, data: CurvesData, rows: readonly number[][]): HTMLElement {
  const cell = (name: "td" | "th", words: string): HTMLElement =>
    createElement(document, name, name === "th" ? { scope: "col" } : {}, [words]);
  const write = formatOf(data);
  const head = createElement(
    document,
    "tr",
    {},
    [data.title, ...data.steps].map((words) => cell("th", words)),
  );
  const body = rows.map((row, at) => {
    const name = createElement(document, "th", { scope: "row" }, [data.series[at] ?? ""]);
    return createElement(document, "tr", {}, [
      name,
      ...row.map((value) => cell("td", write(value))),
    ]);
  });
  // In a box of its own: a table cannot be made smaller than its words.
  return createElement(document, "div", { class: "prisma-hidden" }, [
    createElement(document, "table", {}, [head, ...body]),
  ]);
}

function describe(data: CurvesData, rows: readonly number[][]): string {
  const write = formatOf(data);
  const ends = rows.map(
    (row, at) => `${data.series[at] ?? ""} ${write(row[0] ?? 0)} to ${write(row.at(-1) ?? 0)}`,
  );
  return `${data.title} from ${data.steps[0] ?? ""} to ${data.steps.at(-1) ?? ""}: ${ends.join(", ")}.`;
}

function formatOf({ unit }: CurvesData): (value: number) => string {
  return unit === "percent" ? formatPercent : formatNumber;
}
