// What every token would answer after every layer: layers down, tokens across, a sign in each cell.
import { adoptStyles } from "../adopt-styles.ts";
import { checkCount, checkIndex } from "../check-array.ts";
import { createElement, setAttribute, setText } from "../create-element.ts";
import { figureDocument } from "../figure.ts";
import type { Figure, FigureOptions } from "../figure.ts";
import { checkClasses, hasLongSign, signOf, strengthOf, tellClasses } from "../lens-class.ts";
import type { LensClass } from "../lens-class.ts";
import { onArrowKeys } from "../on-arrow-keys.ts";
import { apartTokens, checkTokenLayout, tokenName } from "../token-layout.ts";
import type { TokenLayout } from "../token-layout.ts";

/** A cell: a place on the way through the model, and a token. */
export interface LensCell {
  readonly step: number;
  readonly token: number;
}

/** What every token would answer on its way, likeliest class first. */
export interface LensTableData {
  readonly tokens: TokenLayout;
  /** Names of the places where it is read, such as `in`, `L0`, `L1`. */
  readonly steps: readonly string[];
  /** `[step][token]`, each with at least one class. */
  readonly classes: readonly (readonly (readonly LensClass[])[])[];
  readonly selected: LensCell;
}

/** Options of `lensTable`. */
export interface LensTableOptions extends FigureOptions {
  /** Called when a visitor points at a cell, or at none. */
  readonly onHover?: (cell: LensCell | null) => void;
  /** Called when a visitor chooses a cell by click or arrow key. */
  readonly onSelect?: (cell: LensCell) => void;
}

const figureName = "lensTable";

/**
 * A table of signs, layers down and tokens across: those apart from the grid first, then its rows. Under it stands what
 * the cell pointed at or chosen answers. Sizes are fixed by the first data.
 * @throws VizError VIZ_SHAPE, VIZ_INDEX, VIZ_VALUE, VIZ_DOCUMENT
 * @example
 * const tokens = { cls: null, registers: [], patches: [0], grid: [1, 1] } as const;
 * const classes = [[[{ label: "Coat", probability: 0.5 }]], [[{ label: "Bag", probability: 0.75 }]]];
 * const { element } = lensTable(
 *   { tokens, steps: ["in", "L0"], classes, selected: { step: 1, token: 0 } },
 *   { document },
 * );
 * element.querySelector("figcaption")?.textContent; // "L0, (0,0): Bag 75%"
 */
export function lensTable(
  data: LensTableData,
  options: LensTableOptions = {},
): Figure<LensTableData> {
  const document = figureDocument(options);
  checkData(data);
  adoptStyles(document);
  const order = [...apartTokens(data.tokens), ...data.tokens.patches];
  const cells = data.steps.map(() => order.map(() => createElement(document, "td")));
  const told = createElement(document, "figcaption", { class: "prisma-lens-told" });
  const table = createTable(document, data, cells);
  const element = createElement(document, "figure", { class: "prisma-figure prisma-lens-table" }, [
    createElement(document, "div", { class: "prisma-scroll" }, [table]),
    told,
  ]);
  let shown = data;

  const tell = ({ step, token }: LensCell): void => {
    const answer = tellClasses(shown.classes[step]?.[token] ?? []);
    setText(told, `${shown.steps[step] ?? ""}, ${tokenName(shown.tokens, token)}: ${answer}`);
  };
  const select = (cell: LensCell): void => {
    update({ ...shown, selected: cell });
    options.onSelect?.(cell);
  };
  cells.forEach((row, step) =>
    row.forEach((cell, at) => {
      const place = { step, token: order[at] ?? 0 };
      cell.addEventListener("click", () => select(place));
      cell.addEventListener("pointerenter", () => {
        tell(place);
        options.onHover?.(place);
      });
    }),
  );
  table.addEventListener("pointerleave", () => {
    tell(shown.selected);
    options.onHover?.(null);
  });
  onArrowKeys(table, (down, across) => {
    const step = clamp(shown.selected.step + down, cells.length);
    const at = clamp(order.indexOf(shown.selected.token) + across, order.length);
    select({ step, token: order[at] ?? 0 });
    return cells[step]?.[at] ?? null;
  });

  const update = (next: LensTableData): void => {
    checkData(next);
    checkCount(figureName, "steps", next.steps.length, cells.length);
    checkCount(figureName, "tokens", next.classes[0]?.length ?? 0, order.length);
    shown = next;
    cells.forEach((row, step) =>
      row.forEach((cell, at) => drawCell(cell, next, { step, token: order[at] ?? 0 })),
    );
    table.classList.toggle(
      "prisma-long-signs",
      next.classes.some((row) => row.some(hasLongSign)),
    );
    tell(next.selected);
    setAttribute(table, "aria-label", describe(next));
  };
  update(data);
  return { element, update };
}

/** Rows with the names of the steps; above them the tokens apart and the rows of patches. */
function createTable(
  document: Document,
  { tokens, steps }: LensTableData,
  cells: readonly (readonly HTMLElement[])[],
): HTMLElement {
  const [rows, columns] = tokens.grid;
  const names = [
    ...apartTokens(tokens).map((token) => [tokenName(tokens, token), 1] as const),
    ...Array.from({ length: rows }, (_, row) => [`row ${row}`, columns] as const),
  ];
  const head = names.map(([name, colspan]) =>
    createElement(document, "th", { scope: "colgroup", colspan }, [name]),
  );
  const body = cells.map((row, step) =>
    createElement(document, "tr", {}, [
      createElement(document, "th", { scope: "row" }, [steps[step] ?? ""]),
      ...row,
    ]),
  );
  return createElement(document, "table", { role: "grid" }, [
    createElement(document, "thead", {}, [
      createElement(document, "tr", {}, [createElement(document, "td"), ...head]),
    ]),
    createElement(document, "tbody", {}, body),
  ]);
}

function drawCell(cell: HTMLElement, data: LensTableData, { step, token }: LensCell): void {
  const classes = data.classes[step]?.[token] ?? [];
  const [best] = classes;
  if (best === undefined) return;
  const chosen = step === data.selected.step && token === data.selected.token;
  setText(cell, signOf(best));
  cell.style.setProperty("--strength", strengthOf(best));
  const name = `${data.steps[step] ?? ""}, ${tokenName(data.tokens, token)}`;
  setAttribute(cell, "role", "gridcell");
  setAttribute(cell, "title", `${name}: ${tellClasses(classes)}`);
  setAttribute(cell, "aria-label", `${name}: ${tellClasses(classes)}`);
  setAttribute(cell, "aria-selected", String(chosen));
  setAttribute(cell, "tabindex", chosen ? 0 : -1);
}

/** After which step how many tokens say what most say at the end. */
function describe({ classes, steps }: LensTableData): string {
  const counts = new Map<string, number>();
  for (const list of classes.at(-1) ?? []) {
    const label = list[0]?.label ?? "";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const [[label] = [""]] = [...counts].sort((a, b) => b[1] - a[1]);
  const shares = classes.map((row, step) => {
    const count = row.filter(([best]) => best?.label === label).length;
    return `${steps[step] ?? ""} ${count}`;
  });
  return `Lens by layer and token. Tokens that say ${label}: ${shares.join(", ")}.`;
}

function checkData({ tokens, steps, classes, selected }: LensTableData): void {
  checkCount(figureName, "rows of classes", classes.length, steps.length);
  classes.forEach((row, step) => {
    checkTokenLayout(figureName, tokens, row.length);
    row.forEach((list, token) => checkClasses(figureName, list, `step ${step}, token ${token}`));
  });
  checkIndex(figureName, "step", selected.step, steps.length);
  checkIndex(figureName, "token", selected.token, classes[0]?.length ?? 0);
}

function clamp(index: number, size: number): number {
  return Math.min(size - 1, Math.max(0, index));
}
