// One head large over the picture: choose a token by pointer or keys and see where it looks.
import { attentionLook, measureBar } from "../attention-measure.ts";
import type { AttentionLook, AttentionMeasure } from "../attention-measure.ts";
import { describeRow, readAttentionRow } from "../attention-row.ts";
import type { AttentionRow } from "../attention-row.ts";
import { checkCount, checkIndex, checkSameShape, checkShape } from "../check-array.ts";
import { adoptStyles } from "../adopt-styles.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { createTokenCells } from "../marks/token-cells.ts";
import type { TokenCells } from "../marks/token-cells.ts";
import { pictureUrl } from "../picture.ts";
import type { Picture } from "../picture.ts";
import { checkTokenLayout, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** What one head does between all tokens: where it looks, unless `measure` says otherwise. */
export interface AttentionMapData {
  readonly shape: readonly [queries: number, keys: number];
  readonly data: ArrayLike<number>;
  readonly tokens: TokenLayout;
  /** The token whose row is drawn while none is hovered. */
  readonly query: number;
  /** The head's name, such as `L0H3`. */
  readonly name: string;
  /** What the model saw, drawn over the colours. */
  readonly picture?: Picture;
  /** Token names; `CLS`, `R0` and `(r,c)` when left out. */
  readonly labels?: readonly string[];
  /** What the numbers are; shares of attention, each row summing to one, when left out. */
  readonly measure?: AttentionMeasure;
}

/** Options of `attentionMap`. The map has redrawn itself before either is called. */
export interface AttentionMapOptions extends FigureOptions {
  /** A token the pointer is on, or null when it has left. */
  readonly onHover?: (token: number | null) => void;
  /** A token chosen by click or arrow key. */
  readonly onSelect?: (token: number) => void;
}

const figureName = "attentionMap";

/**
 * One head's attention over the picture, one row at a time: hover a patch or CLS to see its row,
 * click to keep it, or walk with the arrow keys. Sizes are fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const tokens = { cls: 0, registers: [], patches: [1], grid: [1, 1] } as const;
 * const { element } = attentionMap(
 *   { shape: [2, 2], data: [0.25, 0.75, 1, 0], tokens, query: 0, name: "L0H1" },
 *   { document },
 * );
 * element.getAttribute("aria-label"); // "Head L0H1: CLS looks most at (0,0), 75%."
 */
export function attentionMap(
  data: AttentionMapData,
  options: AttentionMapOptions = {},
): Figure<AttentionMapData> {
  const document = figureDocument(options);
  checkData(data);
  adoptStyles(document);
  let shown = data;
  let hovered: number | null = null;
  const cells = createTokenCells(document, data.tokens, data.shape[1], {
    hover(token) {
      hovered = token;
      draw(shown);
      options.onHover?.(token);
    },
    select(token) {
      hovered = null;
      update({ ...shown, query: token });
      options.onSelect?.(token);
    },
  });
  const bar = measureBar(document);
  const element = createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-attention-map", role: "group" },
    [cells.element, bar.element],
  );

  /** Draws the hovered row, or else the chosen one; everything is read and checked before any of it is drawn. */
  const draw = (next: AttentionMapData): void => {
    const query = hovered ?? next.query;
    const look = attentionLook(figureName, next.measure);
    const [, keys] = next.shape;
    const row = readAttentionRow(
      figureName,
      { data: next.data, offset: query * keys, count: keys },
      look,
    );
    const told = { names: tokenNames(next), look };
    drawCells(cells, row, told);
    bar.draw(element, look, next.measure);
    cells.mark(query, next.query);
    setAttribute(element, "aria-label", `Head ${next.name}: ${describeRow(row, query, told)}.`);
  };
  const update = (next: AttentionMapData): void => {
    checkSameShape(figureName, data.shape, next.shape);
    checkData(next);
    const url = next.picture === undefined ? null : pictureUrl(figureName, next.picture);
    draw(next);
    cells.showPicture(url);
    shown = next;
  };
  update(data);
  return { element, update };
}

function drawCells(
  { buttons, texts }: TokenCells,
  { weights, colors }: AttentionRow,
  { names, look }: { readonly names: readonly string[]; readonly look: AttentionLook },
): void {
  buttons.forEach((button, key) => {
    const weight = weights[key] ?? 0;
    const { color, plain } = look.ink(weight);
    button.style.setProperty("background-color", colors[key] ?? "");
    button.style.setProperty("color", color);
    button.classList.toggle("prisma-dark-ink", plain);
    const text = texts[key];
    if (text !== undefined) setText(text, look.short(weight));
    const name = names[key] ?? "";
    setAttribute(button, "aria-label", `${name}, ${look.received} ${look.long(weight)}`);
    setAttribute(button, "title", `${name}: ${look.full(weight)}`);
  });
}

function tokenNames({ shape, tokens, labels }: AttentionMapData): readonly string[] {
  return labels ?? Array.from({ length: shape[1] }, (_, token) => tokenName(tokens, token));
}

function checkData({ shape, data, tokens, query, labels }: AttentionMapData): void {
  checkShape(figureName, shape, data.length, ["queries", "keys"]);
  const [queries, keys] = shape;
  checkCount(figureName, "queries", queries, keys);
  checkTokenLayout(figureName, tokens, keys);
  checkIndex(figureName, "query", query, queries);
  if (labels !== undefined) checkCount(figureName, "labels", labels.length, keys);
}
