// A matrix of numbers as colours, with names along both axes and a colour bar; any size, as one picture.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex, checkSameShape, checkShape } from "../check-array.ts";
import type { ColorScale } from "../color-scale.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatNumber, formatPercent } from "../format-value.ts";
import { heatBar, heatUrl } from "../marks/heat-colors.ts";
import { onArrowKeys } from "../on-arrow-keys.ts";

/** From which number to which the colours run: one hue for each sign up to `max`, or from dark to light. */
export type HeatScale = { readonly max: number } | ColorScale;

/** A cell by row and column. */
export interface HeatCell {
  readonly row: number;
  readonly column: number;
}

/** A matrix with names along its axes. NaN where there is no value. */
export interface HeatMapData {
  readonly shape: readonly [rows: number, columns: number];
  /** Row-major. */
  readonly data: ArrayLike<number>;
  /** What the rows are, such as `query`, and the name of each. */
  readonly rows: { readonly title: string; readonly labels: readonly string[] };
  readonly columns: { readonly title: string; readonly labels: readonly string[] };
  /** What a number is. */
  readonly title: string;
  /** How numbers are written: a share of one as `percent`, or a plain `number`. */
  readonly unit: "percent" | "number";
  /** `{ max }` for numbers of either sign, zero being neutral; else a domain. Values may not lie outside. */
  readonly scale: HeatScale;
  readonly selected: HeatCell;
}

/** Options of `heatMap`. */
export interface HeatMapOptions extends FigureOptions {
  /** Called when a visitor chooses a cell by click or arrow key; the map has marked it already. */
  readonly onSelect?: (cell: HeatCell) => void;
}

const figureName = "heatMap";
/** Room for names: along the width in characters, along the height in names, of a figure 320 pixels wide. */
const ROOM = { characters: 40, rows: 16 };
/** Characters of a row's name that are given room; what is longer is cut off. */
const LONGEST = 16;
/** Height by width: neither a thread nor a tower. */
const ASPECT = { least: 0.5, most: 4 };

/**
 * A heat map: rows down, columns across, a colour bar, and under it the number of the cell pointed at or chosen. Where
 * names would collide only some are written. The shape is fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const { element } = heatMap(
 *   {
 *     shape: [2, 2],
 *     data: [0.5, -1, 0, Number.NaN],
 *     rows: { title: "layer", labels: ["L0", "L1"] },
 *     columns: { title: "head", labels: ["H0", "H1"] },
 *     title: "effect",
 *     unit: "number",
 *     scale: { max: 1 },
 *     selected: { row: 0, column: 1 },
 *   },
 *   { document },
 * );
 * element.querySelector("figcaption")?.textContent; // "L0, H1: −1.00"
 */
export function heatMap(data: HeatMapData, options: HeatMapOptions = {}): Figure<HeatMapData> {
  const document = figureDocument(options);
  checkData(data);
  const [rows, columns] = data.shape;
  let shown = data;
  let hovered: HeatCell | null = null;
  const picture = createElement(document, "img", { alt: "", decoding: "sync" });
  const cursor = createElement(document, "div", { class: "prisma-heat-cursor" });
  const plot = createElement(document, "div", { class: "prisma-heat-plot", tabindex: 0 }, [
    picture,
    cursor,
  ]);
  const aspect = Math.min(ASPECT.most, Math.max(ASPECT.least, columns / rows));
  plot.style.setProperty("aspect-ratio", aspect.toFixed(3));
  const names = { rows: axis(document, "rows", data), columns: axis(document, "columns", data) };
  const told = createElement(document, "figcaption", {
    class: "prisma-heat-told",
    "aria-live": "polite",
  });
  const bar = createElement(document, "div");
  const element = createElement(document, "figure", { class: "prisma-figure prisma-heat" }, [
    names.rows.title,
    names.rows.element,
    plot,
    names.columns.element,
    names.columns.title,
    told,
    bar,
  ]);
  adoptStyles(document);

  const draw = (): void => {
    const { row, column } = hovered ?? shown.selected;
    cursor.style.setProperty("left", percent(column / columns));
    cursor.style.setProperty("top", percent(row / rows));
    cursor.style.setProperty("width", percent(1 / columns));
    cursor.style.setProperty("height", percent(1 / rows));
    setText(told, tellCell(shown, { row, column }));
  };
  const select = (cell: HeatCell): void => {
    hovered = null;
    update({ ...shown, selected: cell });
    options.onSelect?.(cell);
  };
  connect(plot, data.shape, {
    selected: () => shown.selected,
    select,
    hover(cell) {
      hovered = cell;
      draw();
    },
  });

  const update = (next: HeatMapData): void => {
    checkSameShape(figureName, data.shape, next.shape);
    checkData(next);
    const url = heatUrl(figureName, next.data, { rows, columns, scale: next.scale });
    shown = next;
    setAttribute(picture, "src", url);
    names.rows.draw(next.rows);
    names.columns.draw(next.columns);
    bar.replaceChildren(heatBar(document, next.scale, ticksOf(next)));
    setAttribute(plot, "role", "img");
    setAttribute(plot, "aria-label", describe(next));
    draw();
  };
  update(data);
  return { element, update };
}

/** Pointer and arrow keys over the plot. */
function connect(
  plot: HTMLElement,
  [rows, columns]: HeatMapData["shape"],
  events: {
    selected(): HeatCell;
    select(cell: HeatCell): void;
    hover(cell: HeatCell | null): void;
  },
): void {
  const cellAt = ({ clientX, clientY }: MouseEvent): HeatCell => {
    const box = plot.getBoundingClientRect();
    return {
      row: clamp(Math.floor(((clientY - box.top) / box.height) * rows), rows),
      column: clamp(Math.floor(((clientX - box.left) / box.width) * columns), columns),
    };
  };
  plot.addEventListener("click", (event) => events.select(cellAt(event)));
  plot.addEventListener("pointermove", (event) => events.hover(cellAt(event)));
  plot.addEventListener("pointerleave", () => events.hover(null));
  onArrowKeys(plot, (down, across) => {
    const { row, column } = events.selected();
    events.select({ row: clamp(row + down, rows), column: clamp(column + across, columns) });
    return plot;
  });
}

/** Names along one axis, of which only as many are shown as have room. */
function axis(document: Document, side: "rows" | "columns", data: HeatMapData) {
  const kind = `prisma-heat-${side}`;
  const spans = data[side].labels.map((_, at) => {
    const span = createElement(document, "span");
    const place = percent((at + 0.5) / data[side].labels.length);
    span.style.setProperty(side === "rows" ? "top" : "left", place);
    return span;
  });
  const attributes = { class: `prisma-heat-names ${kind}`, "aria-hidden": "true" };
  const element = createElement(document, "div", attributes, spans);
  const title = createElement(document, "div", { class: `prisma-heat-title ${kind}` });
  return {
    element,
    title,
    draw(names: HeatMapData["rows"]): void {
      const longest = Math.max(1, ...names.labels.map(({ length }) => length));
      const room = side === "rows" ? ROOM.rows : Math.floor(ROOM.characters / (longest + 1));
      const step = Math.ceil(spans.length / Math.max(1, room));
      setText(title, names.title);
      element.style.setProperty("--prisma-heat-names", `${Math.min(longest, LONGEST)}ch`);
      spans.forEach((span, at) => {
        setText(span, names.labels[at] ?? "");
        span.hidden = at % step !== 0;
      });
    },
  };
}

function writerOf({ unit }: HeatMapData): (value: number) => string {
  return unit === "percent" ? formatPercent : formatNumber;
}

function ticksOf({ title, unit }: HeatMapData): Parameters<typeof heatBar>[2] {
  if (unit === "number") return { title, write: formatNumber };
  return { title: `${title}, in percent`, write: (value) => String(Math.round(100 * value)) };
}

function tellCell(data: HeatMapData, { row, column }: HeatCell): string {
  const value = data.data[row * data.shape[1] + column] ?? Number.NaN;
  const told = Number.isNaN(value) ? "no value" : writerOf(data)(value);
  return `${data.rows.labels[row] ?? ""}, ${data.columns.labels[column] ?? ""}: ${told}`;
}

/** Where the largest and the smallest number are. */
function describe(data: HeatMapData): string {
  const values = Array.from(data.data);
  const there = values.filter((value) => !Number.isNaN(value));
  const at = (value: number): string => {
    const place = values.indexOf(value);
    const columns = data.shape[1];
    return tellCell(data, { row: Math.floor(place / columns), column: place % columns });
  };
  const extremes = (): readonly [number, number] =>
    there.reduce<readonly [number, number]>(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity],
    );
  const size = `${data.shape[0]} ${data.rows.title} by ${data.shape[1]} ${data.columns.title}`;
  if (there.length === 0) return `${data.title}, ${size}: no values.`;
  const [low, high] = extremes();
  return `${data.title}, ${size}: most ${at(high)}; least ${at(low)}.`;
}

function checkData({ shape, data, rows, columns, selected }: HeatMapData): void {
  checkShape(figureName, shape, data.length, ["rows", "columns"]);
  checkCount(figureName, "row labels", rows.labels.length, shape[0]);
  checkCount(figureName, "column labels", columns.labels.length, shape[1]);
  checkIndex(figureName, "row", selected.row, shape[0]);
  checkIndex(figureName, "column", selected.column, shape[1]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(3)}%`;
}

function clamp(index: number, size: number): number {
  return Math.min(size - 1, Math.max(0, index));
}
