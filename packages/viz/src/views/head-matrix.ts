// One signed number for every head, layers down and heads across: what each writes, or what cutting it does.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex, checkSameShape, checkShape, finiteAt } from "../check-array.ts";
import { checkRadio } from "../check-radio.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { paintSigned, signedColor } from "../diverging.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatNumber } from "../format-value.ts";
import { signedBar } from "../marks/signed-bar.ts";
import type { SignedBar } from "../marks/signed-bar.ts";
import { onArrowKeys } from "../on-arrow-keys.ts";

/** A cell by layer and column. */
export interface MatrixCell {
  readonly layer: number;
  readonly column: number;
}

/** Numbers of all heads, and of whatever else has one number a layer. */
export interface HeadMatrixData {
  readonly shape: readonly [layers: number, columns: number];
  readonly data: ArrayLike<number>;
  /** Names of the columns, such as `H0` to `H3` and `MLP`. */
  readonly columns: readonly string[];
  /** What a number is, such as `writes toward Bag`. */
  readonly title: string;
  /** The colours run from `-max` to `max`; values may not lie outside. */
  readonly max: number;
  readonly selected: MatrixCell;
  /** Standard errors, written below the values; a NaN is left out. */
  readonly errors?: ArrayLike<number>;
  /** What was done to each cell, row by row, such as `cut`; empty where nothing was. These are struck through. */
  readonly edits?: readonly string[];
  /** Cells to point out, row by row, and what it means to be one of them. */
  readonly flagged?: { readonly cells: readonly boolean[]; readonly meaning: string };
}

/** Options of `headMatrix`. */
export interface HeadMatrixOptions extends FigureOptions {
  /** Called when a visitor chooses a cell by click or arrow key; the matrix has marked it already. */
  readonly onSelect?: (cell: MatrixCell) => void;
}

const figureName = "headMatrix";

/** With more columns than this, cells are too narrow for numbers: these are in titles and in the figure's description. */
const NUMBERED_COLUMNS = 5;

/**
 * A matrix of signed numbers, layers down and heads across, blue above zero and red below, with its colour bar.
 * The shape is fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const { element } = headMatrix(
 *   {
 *     shape: [1, 2],
 *     data: [0.5, -1],
 *     columns: ["H0", "H1"],
 *     title: "writes toward Bag",
 *     max: 1,
 *     selected: { layer: 0, column: 1 },
 *   },
 *   { document },
 * );
 * element.getAttribute("aria-label"); // "writes toward Bag: most L0H0 0.50, least L0H1 −1.00."
 */
export function headMatrix(
  data: HeadMatrixData,
  options: HeadMatrixOptions = {},
): Figure<HeadMatrixData> {
  const document = figureDocument(options);
  checkData(data);
  adoptStyles(document);
  const [layers, columns] = data.shape;
  const buttons = Array.from({ length: layers * columns }, () =>
    createElement(document, "button", {
      type: "button",
      role: "radio",
      class: "prisma-matrix-cell prisma-signed-cell",
    }),
  );
  const bar = signedBar(document);
  const names = data.columns.map((name) =>
    createElement(document, "span", { class: "prisma-axis" }, [name]),
  );
  const element = createMatrix(document, names, buttons, bar);
  element.classList.toggle("prisma-dense", columns > NUMBERED_COLUMNS);
  let { selected } = data;

  const select = (cell: MatrixCell): void => {
    selected = cell;
    checkRadio(buttons, cell.layer * columns + cell.column);
    options.onSelect?.(cell);
  };
  buttons.forEach((button, at) =>
    button.addEventListener("click", () =>
      select({ layer: Math.floor(at / columns), column: at % columns }),
    ),
  );
  onArrowKeys(element, (down, across) => {
    const layer = Math.min(layers - 1, Math.max(0, selected.layer + down));
    const column = Math.min(columns - 1, Math.max(0, selected.column + across));
    select({ layer, column });
    return buttons[layer * columns + column] ?? null;
  });

  const update = (next: HeadMatrixData): void => {
    checkSameShape(figureName, data.shape, next.shape);
    checkData(next);
    buttons.forEach((button, at) => drawCell(button, next, at));
    names.forEach((name, at) => setText(name, next.columns[at] ?? ""));
    bar.draw(next.title, next.max);
    selected = next.selected;
    checkRadio(buttons, selected.layer * columns + selected.column);
    setAttribute(element, "aria-label", describe(next));
  };
  update(data);
  return { element, update };
}

function createMatrix(
  document: Document,
  names: readonly HTMLElement[],
  buttons: readonly HTMLElement[],
  bar: SignedBar,
): HTMLElement {
  const rows = Array.from({ length: buttons.length / names.length }, (_, layer) => {
    const name = createElement(document, "span", { class: "prisma-axis" }, [`L${layer}`]);
    const cells = buttons.slice(layer * names.length, (layer + 1) * names.length);
    return createElement(document, "div", { class: "prisma-grid-row" }, [name, ...cells]);
  });
  const head = createElement(document, "div", { class: "prisma-grid-row", "aria-hidden": "true" }, [
    createElement(document, "span", { class: "prisma-axis" }),
    ...names,
  ]);
  return createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-matrix", role: "radiogroup" },
    [head, ...rows, bar.element],
  );
}

function drawCell(button: HTMLElement, data: HeadMatrixData, at: number): void {
  const value = finiteAt(figureName, data.data, at);
  const edit = data.edits?.[at] ?? "";
  const flagged = data.flagged?.cells[at] === true;
  paintSigned(figureName, button, value, data.max);
  const error = data.errors?.[at] ?? Number.NaN;
  const plusMinus = Number.isNaN(error) ? "" : `\u00b1${formatNumber(error)}`;
  setText(button, formatNumber(value));
  if (plusMinus === "") button.removeAttribute("data-error");
  else setAttribute(button, "data-error", plusMinus);
  button.classList.toggle("prisma-edited", edit !== "");
  button.classList.toggle("prisma-flagged", flagged);
  const notes = [edit, flagged ? (data.flagged?.meaning ?? "") : ""].filter(Boolean);
  const name = `${cellName(data, at)}: ${data.title} ${formatNumber(value)}${plusMinus && ` ${plusMinus}`}`;
  setAttribute(button, "aria-label", [name, ...notes].join(", "));
  setAttribute(
    button,
    "title",
    [`${cellName(data, at)}: ${value}`, plusMinus, ...notes].filter(Boolean).join(", "),
  );
}

function cellName({ shape, columns }: HeadMatrixData, at: number): string {
  return `L${Math.floor(at / shape[1])}${columns[at % shape[1]] ?? ""}`;
}

function describe(data: HeadMatrixData): string {
  const values = Array.from(data.data);
  const [most, least] = [Math.max(...values), Math.min(...values)];
  const at = (value: number): string =>
    `${cellName(data, values.indexOf(value))} ${formatNumber(value)}`;
  return `${data.title}: most ${at(most)}, least ${at(least)}.`;
}

function checkData(data: HeadMatrixData): void {
  const { shape, selected, columns, edits, flagged, errors } = data;
  checkShape(figureName, shape, data.data.length, ["layers", "columns"]);
  checkCount(figureName, "column names", columns.length, shape[1]);
  checkIndex(figureName, "layer", selected.layer, shape[0]);
  checkIndex(figureName, "column", selected.column, shape[1]);
  const cells = shape[0] * shape[1];
  if (errors !== undefined) checkCount(figureName, "errors", errors.length, cells);
  if (edits !== undefined) checkCount(figureName, "edits", edits.length, cells);
  if (flagged !== undefined) checkCount(figureName, "flagged cells", flagged.cells.length, cells);
  for (let at = 0; at < cells; at++)
    signedColor(figureName, finiteAt(figureName, data.data, at), data.max);
}
