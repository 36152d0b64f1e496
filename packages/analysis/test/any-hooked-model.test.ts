// Analyses of a hooked model that is no ViT, against loops over plain numbers.
import { init, tensor, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ablate, attributeLogits, logitLens, overImages, patchActivations } from "../src/index.ts";
import { MIXING, MixingModel } from "./mixing-model.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

type Rows = readonly (readonly number[])[];

const IMAGES: readonly Rows[] = [
  [
    [1, 2],
    [-1, 0.5],
    [0.25, -2],
  ],
  [
    [0.5, 0],
    [2, -1],
    [1, 1],
  ],
];
const OTHERS: readonly Rows[] = [IMAGES[1]!, IMAGES[0]!];
const target = ["red", "green"] as const;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The stream before and after each block; a head that is cut writes nothing; `patch` puts a row in before a block. */
function streamsOf(
  image: Rows,
  edit: {
    cut?: [layer: number, head: number];
    patch?: [layer: number, at: number, row: readonly number[]];
  } = {},
): Rows[] {
  let stream: Rows = image.map((row, p) => row.map((x, d) => x + MIXING.positions[p]![d]!));
  const streams: Rows[] = [];
  MIXING.written.forEach((written, layer) => {
    const { patch, cut } = edit;
    const before = stream.map((row, p) =>
      patch?.[0] === layer && patch[1] === p ? patch[2] : row,
    );
    streams.push(before);
    const taken = [0, 1].map((h) =>
      cut?.[0] === layer && cut[1] === h ? 0 : mean(before.map((row) => row[h]!)),
    );
    stream = before.map((row) =>
      row.map((x, d) => x + taken[0]! * written[0]![d]! + taken[1]! * written[1]![d]!),
    );
  });
  return [...streams, stream];
}

/** Red minus green, read from a row of the stream. */
const readRow = (row: readonly number[]): number =>
  row.reduce((sum, x, d) => sum + x * (MIXING.head[d]![0] - MIXING.head[d]![1]), 0);
const BIAS = MIXING.bias[0] - MIXING.bias[1];
const metricOf = (streams: readonly Rows[]): number => mean(streams.at(-1)!.map(readRow)) + BIAS;

const close = (values: readonly number[]): unknown[] =>
  values.map((value) => expect.closeTo(value, 5));

test("ablation of heads", async () => {
  using model = new MixingModel();
  using input = tensor(IMAGES as number[][][]);
  const { effects, before } = await ablate(model, input, { sweep: "heads", kind: "zero", target });
  expect([...before.values]).toEqual(close(IMAGES.map((image) => metricOf(streamsOf(image)))));
  const wanted = IMAGES.flatMap((image) =>
    [0, 1, 2, 3].map((cell) => {
      const cut: [number, number] = [Math.floor(cell / 2), cell % 2];
      return metricOf(streamsOf(image, { cut })) - metricOf(streamsOf(image));
    }),
  );
  expect([...effects.values]).toEqual(close(wanted));
  const means = [0, 1, 2, 3].map((cell) => (wanted[cell]! + wanted[4 + cell]!) / 2);
  expect([...overImages(effects).means.values]).toEqual(close(means));
});

test("patching of the residual stream", async () => {
  using model = new MixingModel();
  using clean = tensor(IMAGES as number[][][]);
  using corrupted = tensor(OTHERS as number[][][]);
  const what = { what: "resid_pre", by: "position", into: "clean", target } as const;
  const { values, normalized } = await patchActivations(model, { clean, corrupted }, what);
  const wanted = IMAGES.flatMap((image, i) =>
    [0, 1, 2, 3, 4, 5].map((cell) => {
      const [layer, at] = [Math.floor(cell / 3), cell % 3];
      const row = streamsOf(OTHERS[i]!)[layer]![at]!;
      return metricOf(streamsOf(image, { patch: [layer, at, row] }));
    }),
  );
  expect([...values.values]).toEqual(close(wanted));
  const [from, to] = [IMAGES, OTHERS].map((all) => all.map((one) => metricOf(streamsOf(one))));
  const shares = wanted.map((value, i) => {
    const image = Math.floor(i / 6);
    return (value - from![image]!) / (to![image]! - from![image]!);
  });
  expect([...normalized!.values]).toEqual(close(shares));
});

test("attribution to components and heads, and the lens", async () => {
  using model = new MixingModel();
  using input = tensor(IMAGES as number[][][]);
  const parts = await attributeLogits(model, input, { target });
  const heads = await attributeLogits(model, input, { target, by: "head" });
  const lens = await logitLens(model, input, { target });
  expect(parts.contributions.axes[1]!.labels).toEqual([
    "embed",
    "pos_embed",
    "0_attn_out",
    "1_attn_out",
  ]);
  IMAGES.forEach((image, i) => {
    const streams = streamsOf(image);
    const written = MIXING.written.map((rows, layer) =>
      rows.map((row, h) => mean(streams[layer]!.map((token) => token[h]!)) * readRow(row)),
    );
    const sums = written.map(([a, b]) => a! + b!);
    const embeddings = [image, MIXING.positions].map((rows) => mean(rows.map(readRow)));
    const found = parts.contributions.values.subarray(4 * i, 4 * i + 4);
    expect([...found]).toEqual(close([...embeddings, ...sums]));
    const byHead = heads.contributions.values.subarray(4 * i, 4 * i + 4);
    expect([...byHead]).toEqual(close(written.flat()));
    const cells = lens.target!.values.subarray(9 * i, 9 * i + 9);
    expect([...cells]).toEqual(close(streams.flat().map((row) => readRow(row) + BIAS)));
    expect(parts.target.values[i]).toBeCloseTo(metricOf(streams), 5);
    expect(parts.remainder.values[i]).toBeCloseTo(0, 5);
  });
});
