// One head large over the picture: choose a token by pointer or keys and see where it looks.
import { describeRow, readAttentionRow } from "../attention-row.ts";
import type { AttentionRow } from "../attention-row.ts";
import { checkCount, checkIndex, checkSameShape, checkShape } from "../check-array.ts";
import { adoptStyles } from "../adopt-styles.ts";
import { attentionScale, scaleInk } from "../color-scale.ts";
import type { ColorScale } from "../color-scale.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { formatPercent } from "../format-value.ts";
import { colorBar } from "../marks/color-bar.ts";
import { createTokenCells } from "../marks/token-cells.ts";
import type { TokenCells } from "../marks/token-cells.ts";
import { pictureUrl } from "../picture.ts";
import type { Picture } from "../picture.ts";
import { checkTokenLayout, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** One head's attention pattern; each row sums to one. */
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
  /** 0 to 1 by square root when left out. */
  readonly scale?: ColorScale;
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
 * click to keep it, or walk with the arrow keys. Sizes and scale are fixed by the first data.
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
  const element = createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-attention-map", role: "group" },
    [
      cells.element,
      colorBar(
        document,
        data.scale ?? attentionScale,
        "attention, in percent; below 1 no number is written",
        (value) => String(Math.round(100 * value)),
      ),
    ],
  );

  /** Draws the hovered row, or else the chosen one; everything is read and checked before any of it is drawn. */
  const draw = (next: AttentionMapData): void => {
    const query = hovered ?? next.query;
    const scale = next.scale ?? attentionScale;
    const [, keys] = next.shape;
    const row = readAttentionRow(
      figureName,
      { data: next.data, offset: query * keys, count: keys },
      scale,
    );
    const names = tokenNames(next);
    drawCells(cells, row, names, scale);
    cells.mark(query, next.query);
    setAttribute(element, "aria-label", `Head ${next.name}: ${describeRow(row, query, names)}.`);
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
  names: readonly string[],
  scale: ColorScale,
): void {
  buttons.forEach((button, key) => {
    const weight = weights[key] ?? 0;
    const value = formatPercent(weight);
    button.style.setProperty("background-color", colors[key] ?? "");
    const ink = scaleInk(scale, weight);
    button.style.setProperty("color", ink);
    button.classList.toggle("prisma-dark-ink", ink === "#000000");
    const text = texts[key];
    if (text !== undefined) setText(text, writtenShare(weight));
    setAttribute(button, "aria-label", `${names[key] ?? ""}, receives ${value}`);
    setAttribute(button, "title", `${names[key] ?? ""}: ${(100 * weight).toFixed(4)}%`);
  });
}

/** The number in a cell: percent without its sign, and nothing for what would only be noise. */
function writtenShare(weight: number): string {
  return weight < 0.01 ? "" : formatPercent(weight).replace("%", "");
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
