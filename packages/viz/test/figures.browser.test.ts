// Every interactive figure in a real page: pointer, keys, callbacks, and redrawing in place.
import { afterEach, expect, test, vi } from "vitest";
import { userEvent } from "vitest/browser";
import type {
  AttentionGridData,
  HeadIndex,
  HeatCell,
  LensCell,
  MatrixCell,
  PatchPosition,
} from "../src/index.ts";
import { attentionGridData, attentionGridFigure } from "./figures/attention-grid.ts";
import { attentionMapData, attentionMapFigure } from "./figures/attention-map.ts";
import { barsData, barsFigure } from "./figures/bars.ts";
import { curvesData, curvesFigure } from "./figures/curves.ts";
import { headMatrixData, headMatrixFigure, headMatrixWideFigure } from "./figures/head-matrix.ts";
import { signedHeatMapData, signedHeatMapFigure } from "./figures/heat-map.ts";
import { lensMapData, lensMapFigure } from "./figures/lens-map.ts";
import { lensTableFigure } from "./figures/lens-table.ts";
import { pixelImageData, pixelImageFigure } from "./figures/pixel-image.ts";

afterEach(() => document.body.replaceChildren());

function show<F extends { element: HTMLElement }>(figure: F): F {
  figure.element.style.width = "400px";
  document.body.append(figure.element);
  return figure;
}

function checked(element: HTMLElement): number {
  return [...element.querySelectorAll('[role="radio"]')].findIndex(
    (item) => item.getAttribute("aria-checked") === "true",
  );
}

/** All elements of a figure, to see that an update kept every one. */
function nodes(element: HTMLElement): Element[] {
  return [element, ...element.querySelectorAll("*")];
}

test("a head is chosen by click", async () => {
  const onSelect = vi.fn<(head: HeadIndex) => void>();
  const { element } = show(attentionGridFigure({ onSelect }));
  expect(checked(element)).toBe(5);
  await userEvent.click(element.querySelectorAll('[role="radio"]')[1]!);
  expect(onSelect.mock.calls).toEqual([[{ layer: 0, head: 1 }]]);
  expect(checked(element)).toBe(1);
});

test("arrow keys walk the heads and stop at the edges", async () => {
  const onSelect = vi.fn<(head: HeadIndex) => void>();
  const { element } = show(attentionGridFigure({ onSelect }));
  await userEvent.tab();
  await userEvent.keyboard("{ArrowUp}{ArrowLeft}{ArrowUp}");
  expect(onSelect.mock.calls.flat()).toEqual([
    { layer: 0, head: 2 },
    { layer: 0, head: 1 },
    { layer: 0, head: 1 },
  ]);
  expect(document.activeElement).toBe(element.querySelectorAll('[role="radio"]')[1]);
});

test("only the chosen head is reached with Tab", async () => {
  const { element } = show(attentionGridFigure({}));
  const reachable = [...element.querySelectorAll("button")].filter(
    (button) => button.tabIndex === 0,
  );
  expect(reachable).toEqual([element.querySelectorAll("button")[5]]);
});

test("the grid redraws in place, for another query and another choice", () => {
  const figure = show(attentionGridFigure({}));
  const before = nodes(figure.element);
  const fills = (): (string | null)[] =>
    [...figure.element.querySelectorAll("rect")].map((cell) => cell.getAttribute("fill"));
  const first = fills();
  figure.update({ ...attentionGridData, query: 4, selected: { layer: 0, head: 0 } });
  expect(nodes(figure.element)).toEqual(before);
  expect(fills()).not.toEqual(first);
  expect(checked(figure.element)).toBe(0);
  figure.update(attentionGridData);
  expect(fills()).toEqual(first);
});

test("an update that throws changes nothing", () => {
  const figure = show(attentionGridFigure({}));
  const before = figure.element.cloneNode(true);
  const bad: AttentionGridData = {
    ...attentionGridData,
    data: Array.from(attentionGridData.data, (value, at) => (at === 300 ? Number.NaN : value)),
    query: 6,
  };
  expect(() => figure.update(bad)).toThrow("VIZ_VALUE");
  expect(figure.element.isEqualNode(before)).toBe(true);
});

test("a hovered patch shows its row, and leaving returns to the chosen one", async () => {
  const onHover = vi.fn<(token: number | null) => void>();
  const { element } = show(attentionMapFigure({ onHover }));
  const texts = (): string[] =>
    [...element.querySelectorAll("button")].map((cell) => cell.textContent);
  const chosen = texts();
  await userEvent.hover(element.querySelectorAll("button")[3]!);
  // Token 3 looks most at token (2 * 3 + 1) % 9 = 7: e^0 over the sum of e^-|7 - k| for k from 0 to 8.
  const sum = [7, 6, 5, 4, 3, 2, 1, 0, 1].reduce((total, far) => total + Math.exp(-far), 0);
  expect(texts()[7]).toBe((100 / sum).toFixed(0));
  expect(checked(element)).toBe(7);
  await userEvent.unhover(element.querySelectorAll("button")[3]!);
  expect(texts()).toEqual(chosen);
  expect(onHover.mock.calls.flat()).toEqual([3, null]);
});

test("a clicked patch is kept, and arrow keys walk the patches and CLS", async () => {
  const onSelect = vi.fn<(token: number) => void>();
  const { element } = show(attentionMapFigure({ onSelect }));
  await userEvent.click(element.querySelectorAll("button")[2]!);
  expect(checked(element)).toBe(2);
  await userEvent.keyboard(
    "{ArrowLeft}{ArrowLeft}{ArrowUp}{ArrowDown}{ArrowDown}{ArrowDown}{ArrowRight}",
  );
  expect(onSelect.mock.calls.flat()).toEqual([2, 1, 1, 0, 1, 5, 5, 6]);
  expect(document.activeElement).toBe(element.querySelectorAll("button")[6]);
});

test("the map redraws in place", () => {
  const figure = show(attentionMapFigure({}));
  const before = nodes(figure.element);
  figure.update({ ...attentionMapData, query: 2, name: "L0H2" });
  expect(nodes(figure.element)).toEqual(before);
  expect(figure.element.getAttribute("aria-label")).toMatch(/^Head L0H2: \(0,1\) looks most at/);
});

test("bars redraw in place with widths that are their shares", () => {
  const figure = show(barsFigure({}));
  const before = nodes(figure.element);
  figure.update({ ...barsData, data: [0.5, 0.25, 0.25, 0] });
  expect(nodes(figure.element)).toEqual(before);
  const widths = [...figure.element.querySelectorAll<HTMLElement>(".prisma-bar")].map(
    (bar) => bar.style.width,
  );
  expect(widths).toEqual(["50%", "25%", "25%", "0%"]);
});

test("the picture reports the patch under the pointer", async () => {
  const onHover = vi.fn<(patch: PatchPosition | null) => void>();
  const { element, update } = show(pixelImageFigure({ onHover }));
  await userEvent.hover(element, { position: { x: 250, y: 50 } });
  expect(onHover.mock.lastCall).toEqual([[0, 2]]);
  const before = nodes(element);
  update({ ...pixelImageData, marked: null });
  expect(nodes(element)).toEqual(before);
});

test("a page gets the style sheet once", () => {
  show(barsFigure({}));
  const count = document.adoptedStyleSheets.length;
  show(pixelImageFigure({}));
  expect(document.adoptedStyleSheets.length).toBe(count);
  expect(getComputedStyle(document.querySelector(".prisma-bar")!).height).toBe("12px");
});

test("colours follow the page's scheme and its custom properties", () => {
  const { element } = show(barsFigure({}));
  const colorIn = (style: string): string => {
    document.body.style.cssText = style;
    return getComputedStyle(element).color;
  };
  expect(colorIn("color-scheme: light")).toBe("rgb(28, 29, 33)");
  expect(colorIn("color-scheme: dark")).toBe("rgb(233, 233, 236)");
  expect(colorIn("--prisma-ink: rgb(1, 2, 3)")).toBe("rgb(1, 2, 3)");
  document.body.style.cssText = "";
});

test("a cell of the matrix is chosen by click and by arrow keys, which stop at the edges", async () => {
  const onSelect = vi.fn<(cell: MatrixCell) => void>();
  const { element } = show(headMatrixFigure({ onSelect }));
  expect(checked(element)).toBe(7);
  await userEvent.click(element.querySelectorAll("button")[14]!);
  await userEvent.keyboard("{ArrowDown}{ArrowRight}{ArrowUp}");
  expect(onSelect.mock.calls.flat()).toEqual([
    { layer: 2, column: 4 },
    { layer: 2, column: 4 },
    { layer: 2, column: 4 },
    { layer: 1, column: 4 },
  ]);
  expect(document.activeElement).toBe(element.querySelectorAll("button")[9]);
});

test("cells are blue above zero, red below, and neutral at zero; the matrix redraws in place", () => {
  const figure = show(headMatrixFigure({}));
  const before = nodes(figure.element);
  const color = (at: number): string =>
    getComputedStyle(figure.element.querySelectorAll("button")[at]!).backgroundColor;
  const [positive, negative, zero] = [color(2), color(11), color(3)];
  expect(new Set([positive, negative, zero]).size).toBe(3);
  figure.update({ ...headMatrixData, data: Array(15).fill(-2) });
  expect(color(2)).toBe(negative);
  figure.update({ ...headMatrixData, data: Array(15).fill(0) });
  expect(color(11)).toBe(zero);
  expect(nodes(figure.element)).toEqual(before);
});

test("the lens tells of the token pointed at, then again of the chosen one", async () => {
  const figure = show(lensMapFigure({}));
  const told = (): string => figure.element.querySelector("figcaption")!.textContent;
  expect(told()).toBe("CLS: \u{1F45C} Bag 95%, \u{1F45F} Sneaker 2.5%");
  await userEvent.hover(figure.element.querySelectorAll("button")[1]!);
  expect(told()).toBe("(0,0): Coat 85%, \u{1F45C} Bag 7.5%");
  await userEvent.unhover(figure.element.querySelectorAll("button")[1]!);
  expect(told()).toBe("CLS: \u{1F45C} Bag 95%, \u{1F45F} Sneaker 2.5%");
  figure.update({ ...lensMapData, selected: 1 });
  expect(told()).toMatch(/^\(0,0\): Coat/);
});

test("the lens table tells of the cell pointed at, and is walked by arrow keys", async () => {
  const onSelect = vi.fn<(cell: LensCell) => void>();
  const { element } = show(lensTableFigure({ onSelect }));
  const told = (): string => element.querySelector("figcaption")!.textContent;
  const cells = element.querySelectorAll<HTMLElement>("[role=gridcell]");
  expect(told()).toMatch(/^L1, CLS: .*Bag 95%/u);
  await userEvent.hover(cells[10]!);
  expect(told()).toMatch(/^L0, \(0,0\): Coat 43%/);
  await userEvent.unhover(cells[10]!);
  cells[18]!.focus();
  await userEvent.keyboard("{ArrowUp}{ArrowRight}{ArrowLeft}{ArrowLeft}");
  expect(document.activeElement).toBe(cells[9]);
  expect(onSelect).toHaveBeenLastCalledWith({ step: 1, token: 0 });
  expect(told()).toMatch(/^L0, CLS/);
  expect([...cells].filter((cell) => cell.ariaSelected === "true")).toEqual([cells[9]]);
});

test("the heat map tells of the cell pointed at, and is walked by arrow keys", async () => {
  const onSelect = vi.fn<(cell: HeatCell) => void>();
  const { element } = show(signedHeatMapFigure({ onSelect }));
  const told = (): string => element.querySelector("figcaption")!.textContent;
  const plot = element.querySelector<HTMLElement>(".prisma-heat-plot")!;
  const box = plot.getBoundingClientRect();
  expect(told()).toBe("L1, H1: no value");
  await userEvent.hover(plot, { position: { x: (4.5 / 6) * box.width, y: 0.25 * box.height } });
  expect(told()).toBe("L0, H4: \u22122.00");
  await userEvent.unhover(plot);
  plot.focus();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowDown}");
  expect(onSelect).toHaveBeenLastCalledWith({ row: 1, column: 3 });
  expect(told()).toBe("L1, H3: 2.00");
});

test("the heat map's pixels are its numbers: hue by sign, strength by size, grey for none", async () => {
  const { element } = show(signedHeatMapFigure({}));
  const image = element.querySelector<HTMLImageElement>(".prisma-heat-plot img")!;
  await image.decode();
  const context = new OffscreenCanvas(6, 2).getContext("2d")!;
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, 6, 2);
  const pixel = (at: number): number[] => [...data.subarray(4 * at, 4 * at + 4)];
  const opacities = signedHeatMapData.data;
  for (const at of [0, 1, 2, 5, 8]) {
    const [red, , blue, opacity] = pixel(at) as [number, number, number, number];
    expect(blue > red).toBe(opacities[at]! > 0);
    expect(Math.abs(opacity - (255 * Math.abs(opacities[at]!)) / 2)).toBeLessThanOrEqual(1);
  }
  expect(pixel(3)[3]).toBe(0);
  expect(pixel(7)).toEqual([136, 136, 136, 255]);
});

test("curves write every number as a table too, and names at their ends do not overlap", () => {
  const { element } = show(curvesFigure({}));
  const cells = [...element.querySelectorAll("td")].map((cell) => cell.textContent);
  expect(cells).toHaveLength(15);
  expect(cells.slice(0, 5)).toEqual(["10%", "12%", "30%", "55%", "80%"]);
  const heights = [...element.querySelectorAll("polyline + text")].map((name) =>
    Number(name.getAttribute("y")),
  );
  expect(heights).toHaveLength(curvesData.series.length);
  expect(Math.abs(heights[1]! - heights[2]!)).toBeGreaterThanOrEqual(14);
});

test("a matrix of many heads keeps its cells apart and in its width", () => {
  const { element } = show(headMatrixWideFigure({}));
  const cells = [...element.querySelectorAll('[role="radio"]')].slice(0, 13);
  const boxes = cells.map((cell) => cell.getBoundingClientRect());
  boxes.slice(1).forEach((box, at) => expect(box.left).toBeGreaterThan(boxes[at]!.right));
  expect(boxes.at(-1)!.right).toBeLessThanOrEqual(element.getBoundingClientRect().right);
});

test("the cells of a map lie without gaps, whatever the size of its picture", async () => {
  const shape = [640, 640] as const;
  const picture = { shape, data: new Uint8Array(640 * 640).fill(90) };
  const { element, update } = show(attentionMapFigure({}));
  update({ ...attentionMapData, picture });
  await element.querySelector("img")!.decode();
  const cells = [...element.querySelectorAll(".prisma-cell:not(.prisma-apart)")];
  const tops = new Set(cells.map((cell) => cell.getBoundingClientRect().top));
  const [first = 0, second = 0] = [...tops].toSorted((a, b) => a - b);
  expect(second - first).toBeCloseTo(cells[0]!.getBoundingClientRect().height, 0);
});
