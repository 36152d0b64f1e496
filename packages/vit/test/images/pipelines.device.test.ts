// Preprocessing gives what timm, transformers and open_clip give, for pictures of every kind: their bytes, and floats to a rounding.
import { init, type Device, type TypedArray } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareImage, type PreparedImage } from "../../src/images/prepare-image.ts";
import { configOf, pictureOf, readPipelines, type Pipeline } from "./pipelines.ts";

/** Node decodes PNG only. */
const reads = (name: string): boolean =>
  name.endsWith(".png") || typeof createImageBitmap === "function";

let device: Device;
let golden: Awaited<ReturnType<typeof readPipelines>>;

beforeAll(async () => {
  device = await init({ device: "wasm" });
  golden = await readPipelines();
});
afterAll(() => device.dispose());

/** Places where bytes differ, and the largest difference of the floats in steps of a byte. */
function compare(
  found: PreparedImage,
  bytes: ArrayLike<number>,
  values: ArrayLike<number>,
  { stride, step }: { stride: number; step: number },
): { wrong: number; error: number } {
  const wrong = Array.from(found.picture.data).filter((value, i) => value !== bytes[i]).length;
  const errors = Array.from(values, (value, i) => Math.abs(value - found.values[i * stride]!));
  return { wrong, error: Math.max(...errors) / step };
}

async function problemsOf(pipeline: Pipeline): Promise<string[]> {
  const { index, expected } = golden;
  const config = configOf(pipeline);
  const step = (config.rescale ?? 1 / 255) / Math.max(...config.std);
  const part = (kind: "bytes" | "values", i: number): TypedArray => {
    const all = expected.get(`${pipeline.id}/${kind}`)!.values;
    const size = all.length / pipeline.pictures.length;
    return all.subarray(i * size, (i + 1) * size);
  };
  const problems: string[] = [];
  for (const [i, name] of pipeline.pictures.entries()) {
    if (!reads(name)) continue;
    const found = await prepareImage(pictureOf(name), config);
    const { wrong, error } = compare(found, part("bytes", i), part("values", i), {
      stride: index.stride,
      step,
    });
    if (wrong > 0)
      problems.push(`${pipeline.id}, ${name}: ${wrong} bytes of ${found.picture.data.length}`);
    if (!(error <= 1e-2)) problems.push(`${pipeline.id}, ${name}: ${error} steps`);
  }
  return problems;
}

test("every picture through the pipelines that models come with, to the byte", async () => {
  const { index } = golden;
  const main = index.pipelines.filter(({ pictures }) => pictures.length > 10);
  expect(main).toHaveLength(6);
  expect(Math.min(...main.map(({ pictures }) => pictures.length))).toBeGreaterThanOrEqual(20);
  expect((await Promise.all(main.map(problemsOf))).flat()).toEqual([]);
});

test("every option of the pipelines, to the byte", async () => {
  const { index } = golden;
  const options = index.pipelines.filter(({ pictures }) => pictures.length <= 10);
  expect(options.length).toBeGreaterThan(10);
  expect((await Promise.all(options.map(problemsOf))).flat()).toEqual([]);
});

test("a picture of a common size at the sizes of published models, to the byte", async () => {
  const { index } = golden;
  for (const pipeline of index.full) {
    const { picture } = await prepareImage(pictureOf(pipeline.pictures[0]!), configOf(pipeline));
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(picture.data));
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
    expect([pipeline.id, hex.join("")]).toEqual([pipeline.id, pipeline.sha256]);
  }
});

test("pictures that would come out in other colors are refused", async () => {
  const { index } = golden;
  const config = configOf(index.pipelines[0]!);
  for (const name of index.refused)
    await expect(prepareImage(pictureOf(name), config)).rejects.toMatchObject({
      code: "IMAGE_UNSUPPORTED",
    });
});
