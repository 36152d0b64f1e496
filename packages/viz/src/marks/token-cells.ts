// A large map of one button per token over a picture, walked by pointer or arrow keys.
import { createElement, setAttribute } from "../create-element.ts";
import { checkRadio } from "../check-radio.ts";
import { onArrowKeys } from "../on-arrow-keys.ts";
import { apartTokens, patchPosition, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** One button per token, in token order, each with a text for its number. */
export interface TokenCells {
  readonly element: HTMLElement;
  readonly buttons: readonly HTMLButtonElement[];
  readonly texts: readonly HTMLElement[];
  /** Frames the token whose row is `shown`, and makes `chosen` the checked one of the group. */
  mark(shown: number, chosen: number): void;
  /** Puts the picture of a URL over the grid; null takes it away. */
  showPicture(url: string | null): void;
}

/** What the cells report: the token under the pointer (null: none), and a token chosen. */
export interface TokenCellEvents {
  hover(token: number | null): void;
  select(token: number): void;
}

type Place = readonly [row: number, column: number];

/** Cells for `count` tokens: the grid, and apart from it CLS and registers under their names. */
export function createTokenCells(
  document: Document,
  layout: TokenLayout,
  count: number,
  events: TokenCellEvents,
): TokenCells {
  const apart = apartTokens(layout);
  const buttons = Array.from({ length: count }, (_, token) =>
    createCell(document, layout, apart, token),
  );
  const texts = buttons.map((button) => {
    const text = createElement(document, "span");
    button.append(text);
    return text;
  });
  const picture = createElement(document, "img", {
    class: "prisma-picture",
    alt: "",
    decoding: "sync",
  });
  const names = apart.map((token) => apartName(document, layout, apart, token));
  const element = createElement(
    document,
    "div",
    { class: "prisma-token-cells", role: "radiogroup", "aria-label": "Token that looks" },
    [...buttons, ...names, picture],
  );
  const [rows, columns] = layout.grid;
  place(element, { rows, columns, apart: apart.length });
  let chosen = 0;
  connect(element, buttons, events, (rows, columns) =>
    neighbour(layout, apart, chosen, [rows, columns]),
  );
  return {
    element,
    buttons,
    texts,
    mark(shown, nextChosen) {
      chosen = nextChosen;
      checkRadio(buttons, chosen);
      buttons.forEach((button, token) => button.classList.toggle("prisma-query", token === shown));
    },
    showPicture(url) {
      if (url === null) picture.removeAttribute("src");
      else setAttribute(picture, "src", url);
      picture.hidden = url === null;
    },
  };
}

function createCell(
  document: Document,
  layout: TokenLayout,
  apart: readonly number[],
  token: number,
): HTMLButtonElement {
  const position = patchPosition(layout, token);
  const kind = position === null ? "prisma-cell prisma-apart" : "prisma-cell";
  const button = createElement(document, "button", { type: "button", role: "radio", class: kind });
  const [row, column] = position ?? [0, apart.indexOf(token)];
  place(button, { row: row + 1, column: column + 1 });
  return button;
}

function apartName(
  document: Document,
  layout: TokenLayout,
  apart: readonly number[],
  token: number,
): HTMLElement {
  const name = createElement(
    document,
    "span",
    { class: "prisma-apart-name", "aria-hidden": "true" },
    [tokenName(layout, token)],
  );
  place(name, { column: apart.indexOf(token) + 1 });
  return name;
}

function place(element: HTMLElement, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    element.style.setProperty(`--prisma-${name}`, String(value));
  }
}

function connect(
  element: HTMLElement,
  buttons: readonly HTMLButtonElement[],
  events: TokenCellEvents,
  next: (rows: number, columns: number) => number,
): void {
  buttons.forEach((button, token) => {
    button.addEventListener("pointerenter", () => events.hover(token));
    button.addEventListener("click", () => events.select(token));
  });
  element.addEventListener("pointerleave", () => events.hover(null));
  onArrowKeys(element, (rows, columns) => {
    const token = next(rows, columns);
    events.select(token);
    return buttons[token] ?? null;
  });
}

/** The token one step away; above the grid lie the tokens apart. */
function neighbour(
  layout: TokenLayout,
  apart: readonly number[],
  from: number,
  step: Place,
): number {
  const [rows, columns] = layout.grid;
  const position = patchPosition(layout, from);
  if (position === null) return leaveApart(layout, apart, from, step);
  const row = position[0] + step[0];
  const column = position[1] + step[1];
  if (row < 0) return apart[column] ?? apart.at(-1) ?? from;
  const inside = column >= 0 && row < rows && column < columns;
  return inside ? (layout.patches[row * columns + column] ?? from) : from;
}

function leaveApart(
  layout: TokenLayout,
  apart: readonly number[],
  from: number,
  step: Place,
): number {
  const at = apart.indexOf(from);
  if (step[0] > 0) return layout.patches[Math.min(at, layout.grid[1] - 1)] ?? from;
  return apart[at + step[1]] ?? from;
}
