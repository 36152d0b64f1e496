// What each patch would answer by itself: a class over every patch of the picture, its likelihood as strength.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex } from "../check-array.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { checkClasses, hasLongSign, signOf, strengthOf, tellClasses } from "../lens-class.ts";
import type { LensClass } from "../lens-class.ts";
import { createTokenCells } from "../marks/token-cells.ts";
import { pictureUrl } from "../picture.ts";
import type { Picture } from "../picture.ts";
import { checkTokenLayout, tokenCount, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** What every token would answer, likeliest class first. */
export interface LensMapData {
  readonly tokens: TokenLayout;
  /** In token order, each with at least one class. */
  readonly classes: readonly (readonly LensClass[])[];
  /** Where in the model it is read, such as `after L2`. */
  readonly title: string;
  readonly selected: number;
  readonly picture?: Picture;
}

/** Options of `lensMap`. */
export interface LensMapOptions extends FigureOptions {
  /** Called when a visitor points at a token, or at none. */
  readonly onHover?: (token: number | null) => void;
  /** Called when a visitor chooses a token by click or arrow key. */
  readonly onSelect?: (token: number) => void;
}

const figureName = "lensMap";
/** Classes told of the patches together. */
const TOLD = 3;

/**
 * The likeliest class of every token over the picture, and under it what the token pointed at or chosen answers.
 * The layout is fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const tokens = { cls: null, registers: [], patches: [0, 1], grid: [1, 2] } as const;
 * const classes = [
 *   [{ label: "Bag", sign: "👜", probability: 0.75 }],
 *   [{ label: "Coat", probability: 0.5 }],
 * ];
 * const { element } = lensMap({ tokens, classes, title: "after L2", selected: 0 }, { document });
 * element.querySelectorAll("button")[1]?.textContent; // "Co"
 */
export function lensMap(data: LensMapData, options: LensMapOptions = {}): Figure<LensMapData> {
  const document = figureDocument(options);
  checkData(data);
  adoptStyles(document);
  let shown = data;
  let hovered: number | null = null;
  const told = createElement(document, "figcaption", { class: "prisma-lens-told" });
  const cells = createTokenCells(document, data.tokens, tokenCount(data.tokens), {
    hover(token) {
      hovered = token;
      tell();
      options.onHover?.(token);
    },
    select(token) {
      hovered = null;
      update({ ...shown, selected: token });
      options.onSelect?.(token);
    },
  });
  const element = createElement(
    document,
    "figure",
    { class: "prisma-figure prisma-lens", role: "group" },
    [cells.element, told],
  );

  const tell = (): void => {
    const token = hovered ?? shown.selected;
    setText(told, tokenAnswer(shown, token));
    cells.mark(token, shown.selected);
  };
  const update = (next: LensMapData): void => {
    checkData(next);
    checkCount(figureName, "tokens", next.classes.length, cells.buttons.length);
    const url = next.picture === undefined ? null : pictureUrl(figureName, next.picture);
    cells.buttons.forEach((button, token) => {
      const best = next.classes[token]?.[0];
      const text = cells.texts[token];
      if (best === undefined || text === undefined) return;
      setText(text, signOf(best));
      text.style.setProperty("opacity", strengthOf(best));
      setAttribute(button, "aria-label", tokenAnswer(next, token));
      setAttribute(button, "title", tokenAnswer(next, token));
    });
    cells.element.classList.toggle("prisma-long-signs", next.classes.some(hasLongSign));
    cells.showPicture(url);
    shown = next;
    tell();
    setAttribute(element, "aria-label", describe(next));
  };
  update(data);
  return { element, update };
}

function tokenAnswer({ tokens, classes }: LensMapData, token: number): string {
  return `${tokenName(tokens, token)}: ${tellClasses(classes[token] ?? [])}`;
}

/** The classes that most patches answer with, and how many do. */
function describe({ tokens, classes, title }: LensMapData): string {
  const counts = new Map<string, number>();
  for (const token of tokens.patches) {
    const label = classes[token]?.[0]?.label ?? "";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, TOLD);
  const words = most.map(([label, count]) => `${label} ${count}`).join(", ");
  return `${title}: of ${tokens.patches.length} patches ${words}.`;
}

function checkData({ tokens, classes, selected }: LensMapData): void {
  checkTokenLayout(figureName, tokens, classes.length);
  checkIndex(figureName, "selected", selected, classes.length);
  classes.forEach((list, token) => checkClasses(figureName, list, `token ${token}`));
}
