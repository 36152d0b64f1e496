// Labels that try to be markup: every sink shows them exactly, creates no element and runs nothing.
import { afterEach, expect, test } from "vitest";
import {
  attentionGrid,
  attentionMap,
  bars,
  curves,
  headMatrix,
  lensMap,
  pixelImage,
} from "../src/index.ts";
import { attentionGridData } from "./figures/attention-grid.ts";
import { attentionMapData } from "./figures/attention-map.ts";
import { barsData } from "./figures/bars.ts";
import { curvesData } from "./figures/curves.ts";
import { headMatrixData } from "./figures/head-matrix.ts";
import { lensMapData } from "./figures/lens-map.ts";
import { pixelImageData } from "./figures/pixel-image.ts";

const payloads: readonly string[] = [
  "<script>window.hit = 1</script>",
  "<img src=x onerror='window.hit = 1'>",
  "<svg onload=window.hit=1>",
  "<math><mtext><style><img src=x onerror=window.hit=1></style></mtext></math>",
  '"><iframe src=javascript:parent.hit=1></iframe>',
  "' autofocus onfocus='window.hit = 1",
  "javascript:window.hit=1",
  "</title></style></textarea><b onmouseover=window.hit=1>x",
  "{{constructor.constructor('window.hit=1')()}}",
  "${window.hit=1}",
  "&lt;b&gt;&#60;b&#62;&amp;",
  "expression(window.hit=1);background:url(javascript:window.hit=1)",
  "\u202egnp.exe\u202c \ufeff\u0000 Z\u0351\u036b\u0343\u036a",
  "=cmd|' /C calc'!A0",
];

afterEach(() => document.body.replaceChildren());

/** All figures with one text in every place a text can go. */
function draw(text: string): HTMLElement[] {
  const nine = Array.from({ length: 9 }, () => text);
  const elements = [
    attentionGrid({ ...attentionGridData, labels: nine }).element,
    attentionMap({ ...attentionMapData, labels: nine, name: text }).element,
    bars({
      ...barsData,
      labels: [text, text, text, text],
      title: text,
      also: { ...barsData.also!, title: text },
    }).element,
    pixelImage({ ...pixelImageData, label: text }).element,
    headMatrix({
      ...headMatrixData,
      title: text,
      columns: headMatrixData.columns.map(() => text),
      flagged: { ...headMatrixData.flagged!, meaning: text },
    }).element,
    curves({
      ...curvesData,
      title: text,
      series: curvesData.series.map(() => text),
      steps: curvesData.steps.map(() => text),
    }).element,
    lensMap({
      ...lensMapData,
      title: text,
      classes: lensMapData.classes.map(() => [{ label: text, sign: text, probability: 0.5 }]),
    }).element,
  ];
  document.body.append(...elements);
  return elements;
}

/** Names of all elements in order: the same for any label if no label becomes an element. */
function elementNames(roots: readonly HTMLElement[]): string[] {
  return roots.flatMap((root) =>
    [...root.querySelectorAll("*")].map((element) => element.localName),
  );
}

test.for(payloads)("%j stays text", async (payload) => {
  const plain = elementNames(draw("label"));
  document.body.replaceChildren();
  const drawn = draw(payload);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(Reflect.get(window, "hit")).toBeUndefined();
  expect(elementNames(drawn)).toEqual(plain);

  const [grid, map, table, image, matrix, lines, lens] = drawn;
  expect(matrix!.querySelector(".prisma-axis + .prisma-axis")!.textContent).toBe(payload);
  expect(matrix!.querySelectorAll("button")[12]!.title).toContain(payload);
  expect(lines!.querySelector("polyline + text")!.textContent).toBe(payload);
  expect(lines!.querySelector("tr + tr th")!.textContent).toBe(payload);
  expect(lens!.querySelector("button span")!.textContent).toBe(payload);
  expect(lens!.querySelector("figcaption")!.textContent).toContain(payload);
  expect([...table!.querySelectorAll("tbody th")].map((cell) => cell.textContent)).toEqual(
    Array.from({ length: 4 }, () => payload),
  );
  expect(table!.querySelector("thead th")!.textContent).toBe(payload);
  expect(image!.getAttribute("aria-label")).toBe(payload);
  expect(map!.querySelector("button")!.title.startsWith(`${payload}: `)).toBe(true);
  expect(map!.getAttribute("aria-label")).toContain(payload);
  expect(grid!.getAttribute("aria-label")).toContain(payload);
  const attributes = drawn.flatMap((root) =>
    [root, ...root.querySelectorAll("*")].flatMap((element) => element.getAttributeNames()),
  );
  expect(attributes.filter((name) => name.startsWith("on"))).toEqual([]);
});
