// All heads of all layers at once: a small attention map each, for one query token.
import { attentionLook, measureBar } from "../attention-measure.ts";
import type { AttentionLook, AttentionMeasure } from "../attention-measure.ts";
import { describeRow, readAttentionRow } from "../attention-row.ts";
import type { AttentionRow } from "../attention-row.ts";
import { checkCount, checkIndex, checkSameShape, checkShape } from "../check-array.ts";
import { adoptStyles } from "../adopt-styles.ts";
import { createElement, setAttribute } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { createTokenMap } from "../marks/token-map.ts";
import type { TokenMap } from "../marks/token-map.ts";
import { pictureUrl } from "../picture.ts";
import type { Picture } from "../picture.ts";
import { checkRadio } from "../check-radio.ts";
import { onArrowKeys } from "../on-arrow-keys.ts";
import { checkTokenLayout, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** A head by layer and number. */
export interface HeadIndex {
  readonly layer: number;
  readonly head: number;
}

/** What all heads do between all tokens: where they look, unless `measure` says otherwise. */
export interface AttentionGridData {
  readonly shape: readonly [layers: number, heads: number, queries: number, keys: number];
  readonly data: ArrayLike<number>;
  readonly tokens: TokenLayout;
  /** The token whose row is drawn. */
  readonly query: number;
  readonly selected: HeadIndex;
  /** What the model saw, drawn faintly over every map. */
  readonly picture?: Picture;
  /** Token names; `CLS`, `R0` and `(r,c)` when left out. */
  readonly labels?: readonly string[];
  /** What the numbers are; shares of attention, each row summing to one, when left out. */
  readonly measure?: AttentionMeasure;
}

/** Options of `attentionGrid`. */
export interface AttentionGridOptions extends FigureOptions {
  /** Called when a visitor chooses a head by click or arrow key; the grid has marked it already. */
  readonly onSelect?: (head: HeadIndex) => void;
}

interface HeadCell {
  readonly button: HTMLButtonElement;
  readonly map: TokenMap;
}

const figureName = "attentionGrid";

/** With more heads than this, maps stand close together. */
const ROOMY_HEADS = 8;

/**
 * A grid of small attention maps, layers down and heads across, on one shared colour scale.
 * Sizes are fixed by the first data; later updates must keep them.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const tokens = { cls: 0, registers: [], patches: [1], grid: [1, 1] } as const;
 * const { element } = attentionGrid(
 *   {
 *     shape: [1, 2, 2, 2],
 *     data: [1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5],
 *     tokens,
 *     query: 0,
 *     selected: { layer: 0, head: 1 },
 *   },
 *   { document },
 * );
 * element.querySelectorAll("[role=radio]").length; // 2
 */
export function attentionGrid(
  data: AttentionGridData,
  options: AttentionGridOptions = {},
): Figure<AttentionGridData> {
  const document = figureDocument(options);
  checkData(data);
  adoptStyles(document);
  const cells = createCells(document, data);
  const buttons = cells.map((cell) => cell.button);
  const bar = measureBar(document);
  const element = createGrid(document, [buttons, bar.element], data.shape);
  element.classList.toggle("prisma-dense", data.shape[1] > ROOMY_HEADS);
  let { selected } = data;

  const select = (head: HeadIndex): void => {
    selected = head;
    checkRadio(buttons, buttonIndex(head, data.shape));
    options.onSelect?.(head);
  };
  connect(element, buttons, data.shape, { selected: () => selected, select });

  const update = (next: AttentionGridData): void => {
    checkSameShape(figureName, data.shape, next.shape);
    checkData(next);
    bar.draw(element, drawGrid(element, cells, next), next.measure);
    selected = next.selected;
    checkRadio(buttons, buttonIndex(selected, data.shape));
  };
  update(data);
  return { element, update };
}

/** Reads and checks every row before it draws any; gives how they look. */
function drawGrid(
  element: HTMLElement,
  cells: readonly HeadCell[],
  data: AttentionGridData,
): AttentionLook {
  const look = attentionLook(figureName, data.measure);
  const rows = readRows(data, look);
  const told = { names: tokenNames(data), look };
  const url = data.picture === undefined ? null : pictureUrl(figureName, data.picture);
  cells.forEach((cell, at) => {
    const row = rows[at];
    if (row === undefined) return;
    cell.map.paint(row.colors);
    cell.map.mark(data.query);
    cell.map.showPicture(url);
    const finding = describeRow(row, data.query, told);
    setAttribute(cell.button, "aria-label", `${headName(at, data.shape)}: ${finding}`);
  });
  setAttribute(element, "aria-label", describeGrid(rows, data, told));
  return look;
}

function connect(
  element: HTMLElement,
  buttons: readonly HTMLButtonElement[],
  shape: AttentionGridData["shape"],
  state: { selected(): HeadIndex; select(head: HeadIndex): void },
): void {
  const [layers, heads] = shape;
  buttons.forEach((button, at) =>
    button.addEventListener("click", () =>
      state.select({ layer: Math.floor(at / heads), head: at % heads }),
    ),
  );
  onArrowKeys(element, (rows, columns) => {
    const from = state.selected();
    const layer = clamp(from.layer + rows, layers);
    const head = clamp(from.head + columns, heads);
    state.select({ layer, head });
    return buttons[buttonIndex({ layer, head }, shape)] ?? null;
  });
}

function createGrid(
  document: Document,
  [buttons, bar]: readonly [readonly HTMLElement[], HTMLElement],
  [layers, heads]: AttentionGridData["shape"],
): HTMLElement {
  return createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-attention-grid", role: "radiogroup" },
    [
      headRow(document, heads),
      ...Array.from({ length: layers }, (_, layer) =>
        layerRow(document, layer, buttons.slice(layer * heads, (layer + 1) * heads)),
      ),
      bar,
    ],
  );
}

function createCells(document: Document, { shape, tokens }: AttentionGridData): HeadCell[] {
  const [layers, heads, , keys] = shape;
  return Array.from({ length: layers * heads }, () => {
    const map = createTokenMap(document, tokens, keys);
    const button = createElement(
      document,
      "button",
      { type: "button", role: "radio", class: "prisma-head" },
      [map.element],
    );
    return { button, map };
  });
}

function headRow(document: Document, heads: number): HTMLElement {
  const names = Array.from({ length: heads }, (_, head) =>
    createElement(document, "span", { class: "prisma-axis" }, [`H${head}`]),
  );
  return createElement(document, "div", { class: "prisma-grid-row", "aria-hidden": "true" }, [
    createElement(document, "span", { class: "prisma-axis" }),
    ...names,
  ]);
}

function layerRow(document: Document, layer: number, buttons: readonly HTMLElement[]): HTMLElement {
  const name = createElement(document, "span", { class: "prisma-axis", "aria-hidden": "true" }, [
    `L${layer}`,
  ]);
  return createElement(document, "div", { class: "prisma-grid-row" }, [name, ...buttons]);
}

function readRows(data: AttentionGridData, look: AttentionLook): AttentionRow[] {
  const [layers, heads, queries, keys] = data.shape;
  return Array.from({ length: layers * heads }, (_, map) =>
    readAttentionRow(
      figureName,
      { data: data.data, offset: (map * queries + data.query) * keys, count: keys },
      look,
    ),
  );
}

function describeGrid(
  rows: readonly AttentionRow[],
  { query, shape }: AttentionGridData,
  told: { readonly names: readonly string[]; readonly look: AttentionLook },
): string {
  const [layers, heads] = shape;
  const peaks = rows.map((row) => Math.max(...row.weights));
  const at = peaks.indexOf(Math.max(...peaks));
  const row = rows[at];
  const finding =
    row === undefined ? "" : `In ${headName(at, shape)}, ${describeRow(row, query, told)}.`;
  return `Attention of ${layers} layers of ${heads} heads. ${finding}`;
}

function buttonIndex({ layer, head }: HeadIndex, [, heads]: AttentionGridData["shape"]): number {
  return layer * heads + head;
}

function headName(at: number, [, heads]: AttentionGridData["shape"]): string {
  return `L${Math.floor(at / heads)}H${at % heads}`;
}

function tokenNames({ shape, tokens, labels }: AttentionGridData): readonly string[] {
  return labels ?? Array.from({ length: shape[3] }, (_, token) => tokenName(tokens, token));
}

function checkData({ shape, data, tokens, query, selected, labels }: AttentionGridData): void {
  checkShape(figureName, shape, data.length, ["layers", "heads", "queries", "keys"]);
  const [layers, heads, queries, keys] = shape;
  checkTokenLayout(figureName, tokens, keys);
  checkIndex(figureName, "query", query, queries);
  checkIndex(figureName, "layer", selected.layer, layers);
  checkIndex(figureName, "head", selected.head, heads);
  if (labels !== undefined) checkCount(figureName, "labels", labels.length, keys);
}

function clamp(index: number, size: number): number {
  return Math.min(size - 1, Math.max(0, index));
}
