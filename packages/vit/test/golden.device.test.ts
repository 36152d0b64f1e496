// Every activation, gradient and logit against PyTorch in float64, on every device.
import { tensor, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { loadViT, type ViT } from "../src/index.ts";
import { onEachDevice } from "../../../test/on-each-device.ts";
import {
  differenceFrom,
  goldenFolder,
  readExpected,
  readJson,
  type Expected,
  type GoldenIndex,
} from "./golden-set.ts";
import { repositoryFile } from "../../../test/repository-file.ts";

const TRAINED = "garment-scenes-vit";
const SETS = [
  "timm-cls",
  "timm-avg",
  "timm-pre-norm",
  "timm-dinov2",
  "timm-gap",
  "timm-siglip",
  "timm-distilled",
  "timm-clip",
  "hf-vit",
  "hf-deit",
  "hf-dinov2",
  "hf-dinov2-registers",
  "hf-clip",
  "hf-siglip",
  "open-clip",
  "prisma-attn-only",
  "prisma-no-norm",
  "prisma-ln-pre",
  TRAINED,
];
/** Points that are computed only when named; naming them changes the shape of `ln1`'s. */
const COSTLY = /hook_attn_in|hook_[qkv]_input|hook_result/;

/** Milliseconds: a software GPU compiles hundreds of shaders here. */
const SLOW = 120_000;

interface Golden {
  readonly index: GoldenIndex;
  readonly activations: ReadonlyMap<string, Expected>;
  readonly gradients: ReadonlyMap<string, Expected>;
  readonly model: ViT;
  readonly input: Tensor;
}

async function openGolden(name: string): Promise<Golden> {
  const folder = goldenFolder(name);
  const index = await readJson<GoldenIndex>(new URL("golden.json", folder));
  const activations = await readExpected(folder, index.activations);
  const gradients = await readExpected(folder, index.gradients);
  const model = await loadViT(index.model === "." ? folder : repositoryFile(index.model));
  const { values, shape } = activations.get(index.input)!;
  return { index, activations, gradients, model, input: tensor(values, { shape }) };
}

function close({ model, input }: Golden): void {
  model.dispose();
  input.dispose();
}

async function differences(golden: Golden, costly: boolean): Promise<string[]> {
  const { index, model, input } = golden;
  const hooks = index.hooks.filter((hook) => COSTLY.test(hook.name) === costly);
  const names = new Set(hooks.map((hook) => hook.name));
  if (names.size === 0) return [];
  const [a, b] = index.classes;
  using run = await model.runWithCache(input, {
    names: (name) => names.has(name),
    gradientOf: (output) =>
      output
        .get([null, a])
        .sub(output.get([null, b]))
        .sum(),
  });
  const found = [
    `output: ${await differenceFrom(golden.activations.get(index.output)!, run.output)}`,
  ];
  for (const { name, shape, activation, gradient } of hooks) {
    const value = run.cache.get(name as "hook_embed");
    expect([name, ...value.shape]).toEqual([name, ...shape]);
    found.push(
      `${name}: ${await differenceFrom(golden.activations.get(activation.tensor)!, value, activation)}`,
    );
    const slope = run.cache.grad(name as "hook_embed");
    found.push(
      `gradient at ${name}: ${await differenceFrom(golden.gradients.get(gradient.tensor)!, slope, gradient)}`,
    );
  }
  return found.filter((line) => !line.endsWith(": null"));
}

/** `[B, 4]`: per image, the mean of its values a_0, a_1, ... times cos((k + 1) i) for k of 0 to 3. */
async function fingerprint(x: Tensor): Promise<Float64Array> {
  const values = await x.data();
  const [batch] = x.shape;
  const size = x.size / batch!;
  return Float64Array.from({ length: batch! * 4 }, (_, at) => {
    const [row, k] = [Math.floor(at / 4), at % 4];
    let sum = 0;
    for (let i = 0; i < size; i++) sum += values[row * size + i]! * Math.cos((k + 1) * i);
    return sum / size;
  });
}

/** Largest error of fingerprints in units of what is allowed. */
async function fingerprintError(x: Tensor, { values, tolerance }: Expected): Promise<number> {
  const found = await fingerprint(x);
  return Math.max(...found.map((value, i) => Math.abs(value - values[i]!))) / tolerance;
}

onEachDevice(() => {
  test(
    "the trained model on 16 pictures: every activation and gradient by its fingerprint",
    { timeout: SLOW },
    async () => {
      const folder = goldenFolder(TRAINED);
      const index = await readJson<GoldenIndex>(new URL("golden.json", folder));
      const expected = await readExpected(folder, ["fingerprints.safetensors"]);
      using model = await loadViT(repositoryFile(index.model));
      const scenes = Array.from({ length: 16 }, (_, i) =>
        repositoryFile(`${index.model}/scenes/${String(i).padStart(3, "0")}.png`),
      );
      using input = await model.preprocess(scenes);
      expect(await input.data()).toEqual(expected.get("input")!.values);
      const [a, b] = index.classes;
      const gradientOf = (output: Tensor): Tensor =>
        output
          .get([null, a])
          .sub(output.get([null, b]))
          .sum();
      const wrong: string[] = [];
      for (const costly of [false, true]) {
        using run = await model.runWithCache(input, {
          names: (name) => COSTLY.test(name) === costly,
          gradientOf,
        });
        for (const [name, value] of run.cache) {
          const forward = await fingerprintError(value, expected.get(`activation.${name}`)!);
          const backward = await fingerprintError(
            run.cache.grad(name),
            expected.get(`gradient.${name}`)!,
          );
          if (!(forward <= 1 && backward <= 1)) wrong.push(`${name}: ${forward}, ${backward}`);
        }
      }
      expect(wrong).toEqual([]);
      const hooks = [...expected.keys()].filter((name) => name.startsWith("activation."));
      expect(hooks.length).toBe(model.hookNames.length);
    },
  );

  test.each(SETS)(
    "%s: hooks are those of the golden set, in its order and shapes",
    async (name) => {
      const golden = await openGolden(name);
      const batch = golden.input.shape[0]!;
      const stored = new Set(golden.index.hooks.map((hook) => hook.name));
      const table = golden.model.hooksTable({ batch }).map(({ name, shape }) => ({ name, shape }));
      // Of the trained model's set the largest activations are left out; its fingerprints have all.
      const compared = name === TRAINED ? table.filter((row) => stored.has(row.name)) : table;
      expect(compared).toEqual(golden.index.hooks.map(({ name, shape }) => ({ name, shape })));
      expect(golden.model.config).toEqual(golden.index.config);
      close(golden);
    },
  );

  test.each(SETS)("%s: output, activations and gradients", { timeout: SLOW }, async (name) => {
    const golden = await openGolden(name);
    expect(await differences(golden, false)).toEqual([]);
    close(golden);
  });

  test.each(SETS)("%s: copies per head and results of heads", { timeout: SLOW }, async (name) => {
    const golden = await openGolden(name);
    expect(await differences(golden, true)).toEqual([]);
    close(golden);
  });
});
