// Labelled bars from zero: predictions as probabilities, or signed numbers such as logits.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex, checkShape, finiteAt } from "../check-array.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatNumber, formatPercent } from "../format-value.ts";
import { VizError } from "../viz-error.ts";

/** One bar per label. */
export interface BarsData {
  readonly shape: readonly [count: number];
  readonly data: ArrayLike<number>;
  readonly labels: readonly string[];
  /** What is drawn, such as `probability`. */
  readonly title: string;
  /** How values are written: a share of one as `percent`, or a plain `number`. */
  readonly unit: "percent" | "number";
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

const figureName = "bars";

/**
 * A table of labels, bars and numbers in the order given, so that nothing moves between updates.
 * The number of rows is fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_VALUE, VIZ_INDEX, VIZ_DOCUMENT
 */
export function bars(data: BarsData, options: FigureOptions = {}): Figure<BarsData> {
  const document = figureDocument(options);
  adoptStyles(document);
  const rows = data.labels.map(() => createRow(document));
  const titles = [
    createElement(document, "th", { scope: "col" }),
    createElement(document, "th", { scope: "col" }),
  ];
  const table = createElement(document, "table", {}, [
    createElement(document, "thead", {}, [
      createElement(document, "tr", {}, [createElement(document, "td", { colspan: 2 }), ...titles]),
    ]),
    createElement(
      document,
      "tbody",
      {},
      rows.map((row) => row.element),
    ),
  ]);
  const element = createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-bars", role: "group" },
    [table],
  );

  const update = (next: BarsData): void => {
    const values = readValues(next, rows.length);
    const also = readAlso(next);
    const highlight = next.highlight ?? values.indexOf(Math.max(...values));
    checkIndex(figureName, "highlight", highlight, rows.length);
    const domain = next.domain ?? [0, 1];
    const spans = values.map((value) => barSpan(value, domain));
    rows.forEach((row, at) => {
      setText(row.label, next.labels[at] ?? "");
      drawBar(row.bar, values[at] ?? 0, spans[at] ?? [0, 0]);
      setText(row.value, format(next, values[at] ?? 0));
      setText(row.also, also === null ? "" : formatNumber(also[at] ?? 0));
      row.element.classList.toggle("prisma-highlight", at === highlight);
    });
    [next.title, next.also?.title ?? ""].forEach((title, at) => {
      const cell = titles[at];
      if (cell !== undefined) setText(cell, title);
    });
    const best = `${next.labels[highlight] ?? ""}, ${next.title} ${format(next, values[highlight] ?? 0)}`;
    setAttribute(element, "aria-label", best);
  };
  update(data);
  return { element, update };
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
  if (value < low || value > high || low > 0 || high < 0) {
    throw new VizError(
      "VIZ_VALUE",
      `${figureName}: a bar from 0 to ${value} does not fit the scale from ${low} to ${high}`,
      { value, domain: [low, high] },
    );
  }
  const size = high - low;
  return [(Math.min(0, value) - low) / size, Math.abs(value) / size];
}

function drawBar(bar: HTMLElement, value: number, [start, width]: readonly [number, number]): void {
  bar.style.setProperty("margin-left", `${(100 * start).toFixed(3)}%`);
  bar.style.setProperty("width", `${(100 * width).toFixed(3)}%`);
  bar.classList.toggle("prisma-negative", value < 0);
}

function format({ unit }: BarsData, value: number): string {
  return unit === "percent" ? formatPercent(value) : formatNumber(value);
}

function readValues(data: BarsData, rows: number): number[] {
  checkShape(figureName, data.shape, data.data.length, ["count"]);
  checkCount(figureName, "labels", data.labels.length, data.data.length);
  checkCount(figureName, "values", data.data.length, rows);
  return Array.from({ length: rows }, (_, at) => finiteAt(figureName, data.data, at));
}

function readAlso({ also, data }: BarsData): number[] | null {
  if (also === undefined) return null;
  checkCount(figureName, `values of ${also.title}`, also.data.length, data.length);
  return Array.from({ length: data.length }, (_, at) => finiteAt(figureName, also.data, at));
}
