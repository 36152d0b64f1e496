// Labelled bars from zero: predictions as probabilities, or signed numbers such as logits.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex, checkShape, finiteAt } from "../check-array.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatNumber, formatPercent, formatPoints } from "../format-value.ts";
import { VizError } from "../viz-error.ts";

/** One bar per label. */
export interface BarsData {
  readonly shape: readonly [count: number];
  readonly data: ArrayLike<number>;
  readonly labels: readonly string[];
  /** What is drawn, such as `probability`. */
  readonly title: string;
  /** How values are written: a share of one as `percent`, a difference of shares as `points`, or a plain `number`. */
  readonly unit: "percent" | "points" | "number";
  /** From which to which value the bars can run; holds zero. 0 to 1 when left out. */
  readonly domain?: readonly [number, number];
  /** A second number per label, written beside the bar and not drawn. */
  readonly also?: { readonly title: string; readonly data: ArrayLike<number> };
  /** The row to set apart. The largest when left out. */
  readonly highlight?: number;
}

interface Row {
  readonly element: HTMLElement;
  readonly label: HTMLElement;
  readonly bar: HTMLElement;
  readonly value: HTMLElement;
  readonly also: HTMLElement;
}

const FORMATS = { percent: formatPercent, points: formatPoints, number: formatNumber } as const;

const figureName = "bars";

/**
 * A table of labels, bars and numbers (in full on hover) in the order given, so that nothing moves between updates.
 * The number of rows is fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_VALUE, VIZ_INDEX, VIZ_DOCUMENT
 * @example
 * const { element } = bars(
 *   { shape: [2], data: [0.25, 0.75], labels: ["Coat", "Bag"], title: "probability", unit: "percent" },
 *   { document },
 * );
 * element.querySelector("tbody")?.textContent; // "Coat25%Bag75%"
 */
export function bars(data: BarsData, options: FigureOptions = {}): Figure<BarsData> {
  const document = figureDocument(options);
  adoptStyles(document);
  const rows = data.labels.map(() => createRow(document));
  const titles = ["", ""].map(() => createElement(document, "th", { scope: "col" }));
  const element = createTable(document, titles, rows);

  const update = (next: BarsData): void => {
    const drawn = readBars(next, rows.length);
    [next.title, next.also?.title ?? ""].forEach((title, at) => {
      const cell = titles[at];
      if (cell !== undefined) setText(cell, title);
    });
    rows.forEach((row, at) => drawRow(row, drawn, at));
    element.classList.toggle("prisma-signed", (next.domain?.[0] ?? 0) < 0);
    const { labels, written, highlight } = drawn;
    setAttribute(
      element,
      "aria-label",
      `${labels[highlight] ?? ""}, ${next.title} ${written[highlight] ?? ""}`,
    );
  };
  update(data);
  return { element, update };
}

/** Everything to be drawn, read and checked. */
interface Drawn {
  readonly labels: readonly string[];
  readonly values: readonly number[];
  readonly spans: readonly (readonly [start: number, width: number])[];
  readonly written: readonly string[];
  /** Empty when there is no second number. */
  readonly also: readonly number[];
  readonly highlight: number;
}

function readBars(data: BarsData, count: number): Drawn {
  const values = readValues(data, count);
  const highlight = data.highlight ?? values.indexOf(Math.max(...values));
  checkIndex(figureName, "highlight", highlight, count);
  return {
    labels: data.labels,
    values,
    spans: values.map((value) => barSpan(value, data.domain ?? [0, 1])),
    written: values.map(FORMATS[data.unit]),
    also: readAlso(data),
    highlight,
  };
}

function drawRow(row: Row, drawn: Drawn, at: number): void {
  const label = drawn.labels[at] ?? "";
  setText(row.label, label);
  setAttribute(row.label, "data-text", label);
  const [start, width] = drawn.spans[at] ?? [0, 0];
  row.bar.style.setProperty("margin-left", `${(100 * start).toFixed(3)}%`);
  row.bar.style.setProperty("width", `${(100 * width).toFixed(3)}%`);
  row.bar.classList.toggle("prisma-negative", (drawn.values[at] ?? 0) < 0);
  setText(row.value, drawn.written[at] ?? "");
  setAttribute(row.value, "title", String(drawn.values[at]));
  const also = drawn.also[at];
  setText(row.also, also === undefined ? "" : formatNumber(also));
  setAttribute(row.also, "title", also ?? "");
  row.element.classList.toggle("prisma-highlight", at === drawn.highlight);
}

function createTable(
  document: Document,
  titles: readonly HTMLElement[],
  rows: readonly Row[],
): HTMLElement {
  const corner = createElement(document, "td", { colspan: 2 });
  const head = createElement(document, "tr", {}, [corner, ...titles]);
  const body = rows.map((row) => row.element);
  return createElement(document, "figure", { class: "prisma-figure prisma-bars", role: "group" }, [
    createElement(document, "table", {}, [
      createElement(document, "thead", {}, [head]),
      createElement(document, "tbody", {}, body),
    ]),
  ]);
}

function createRow(document: Document): Row {
  const label = createElement(document, "th", { scope: "row" });
  const bar = createElement(document, "div", { class: "prisma-bar" });
  const track = createElement(
    document,
    "td",
    { class: "prisma-bar-track", "aria-hidden": "true" },
    [createElement(document, "div", {}, [bar])],
  );
  const value = createElement(document, "td", { class: "prisma-number" });
  const also = createElement(document, "td", { class: "prisma-number prisma-quiet" });
  return {
    element: createElement(document, "tr", {}, [label, track, value, also]),
    label,
    bar,
    value,
    also,
  };
}

/** Start and width of a bar from zero to `value`, as shares of the domain. */
function barSpan(
  value: number,
  [low, high]: readonly [number, number],
): [start: number, width: number] {
  if (!(value >= low && value <= high && low <= 0 && high >= 0 && low < high)) {
    throw new VizError(
      "VIZ_VALUE",
      `${figureName}: a bar from 0 to ${value} does not fit the scale from ${low} to ${high}`,
      { value, domain: [low, high] },
    );
  }
  const size = high - low;
  return [(Math.min(0, value) - low) / size, Math.abs(value) / size];
}

function readValues(data: BarsData, rows: number): number[] {
  checkShape(figureName, data.shape, data.data.length, ["count"]);
  checkCount(figureName, "labels", data.labels.length, data.data.length);
  checkCount(figureName, "values", data.data.length, rows);
  return Array.from({ length: rows }, (_, at) => finiteAt(figureName, data.data, at));
}

function readAlso({ also, data }: BarsData): number[] {
  if (also === undefined) return [];
  checkCount(figureName, `values of ${also.title}`, also.data.length, data.length);
  return Array.from({ length: data.length }, (_, at) => finiteAt(figureName, also.data, at));
}
