// Loading: the shipped model gives its published logits, and anything missing, extra, wrong or broken is a coded error that keeps nothing.
import {
  memory,
  PrismaError,
  readSafetensors,
  tensor,
  writeSafetensors,
  type Tensor,
} from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { loadViT, type ViTFiles } from "../src/index.ts";
import { goldenFolder, readJson } from "./golden-set.ts";
import { repositoryFile } from "../../../test/repository-file.ts";

const TRAINED = repositoryFile("apps/demo/public/models/garment-scenes-vit/");
const TIMM = goldenFolder("timm-cls");
type Config = Record<string, unknown> & { model_args: Record<string, unknown> };

const configOf = (folder: URL): Promise<Config> => readJson<Config>(new URL("config.json", folder));

/** The checkpoint of a folder in memory, changed by `change`. */
async function files(
  folder: URL,
  change: (tensors: Map<string, Tensor>, config: Config) => void,
): Promise<ViTFiles> {
  const { tensors } = await readSafetensors(new URL("model.safetensors", folder));
  const config = await configOf(folder);
  const before = new Set(tensors.values());
  change(tensors, config);
  const after = new Set(tensors.values());
  before.forEach((one) => {
    if (!after.has(one)) one.dispose();
  });
  return { config, weights: tensors };
}

async function errorOf(loading: Promise<unknown>): Promise<PrismaError> {
  const error = await loading.then(
    () => new Error("it loaded"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PrismaError) return error;
  throw error;
}

onEachDevice(() => {
  test("the shipped model gives its published logits on 100 scenes", async () => {
    using model = await loadViT(TRAINED);
    const scenes = Array.from(
      { length: 100 },
      (_, i) => new URL(`scenes/${String(i).padStart(3, "0")}.png`, TRAINED),
    );
    using input = await model.preprocess(scenes);
    using output = model.forward(input);
    const { tensors } = await readSafetensors(
      new URL("scenes/expected-logits.safetensors", TRAINED),
    );
    using expected = [...tensors.values()][0]!;
    const [found, want] = [await output.data(), await expected.data()];
    const largest = Math.max(...want.map(Math.abs));
    expect(
      Math.max(...found.map((value: number, i: number) => Math.abs(value - want[i]!))),
    ).toBeLessThan(1e-5 * largest);
    expect(model.labels).toEqual((await configOf(TRAINED))["label_names"]);
    expect(model.tokens).toMatchObject({ cls: 0, grid: [4, 8], readout: "cls" });
  });

  test("weights are views of the checkpoint's own buffers", async () => {
    const { buffers, bytes } = memory();
    const { tensors } = await readSafetensors(new URL("model.safetensors", TRAINED));
    const size = [...tensors.values()].reduce((sum, one) => sum + one.size * 4, 0);
    using model = await loadViT({ config: await configOf(TRAINED), weights: tensors });
    expect(memory().buffers - buffers).toBe(tensors.size);
    // Devices round sizes up; a second copy would be twice the size.
    expect(memory().bytes - bytes).toBeLessThan(1.5 * size);
    expect(model.parameters.get("blocks.0.attn.W_Q")!.shape).toEqual([4, 96, 24]);
  });

  test("progress ends at the whole, and details tell what the model saw", async () => {
    const seen: number[] = [];
    using model = await loadViT(TRAINED, {
      onProgress: ({ loaded, total }) => void seen.push(loaded / total),
    });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const picture = { data: new Uint8Array(56 * 100).fill(128), width: 100, height: 56 };
    const details = await model.preprocess(picture, { details: true });
    expect(details.input.shape).toEqual([1, 1, 28, 56]);
    expect(details.images[0]).toMatchObject({
      picture: { width: 56, height: 28, channels: 1 },
      // 56 rows become 31, of which 28 from the third on are seen.
      box: { left: 0, top: (2 * 56) / 31, width: 100, height: (28 * 56) / 31 },
    });
    details.input.dispose();
  });

  describe("weights", () => {
    test.each<[string, (tensors: Map<string, Tensor>) => void, string, string]>([
      [
        "a missing tensor",
        (tensors) => tensors.delete("blocks.1.norm2.bias"),
        "CHECKPOINT_MISSING",
        "blocks.1.norm2.bias",
      ],
      [
        "an extra tensor",
        (tensors) => tensors.set("blocks.0.ls1.gamma", tensor([1])),
        "CHECKPOINT_UNEXPECTED",
        "blocks.0.ls1.gamma",
      ],
      [
        "another shape",
        (tensors) => tensors.set("head.bias", tensor([1, 2, 3])),
        "CHECKPOINT_SHAPE",
        "head.bias",
      ],
      [
        "the transposed shape",
        (tensors) =>
          tensors.set("head.weight", tensor(new Float32Array(48 * 7), { shape: [48, 7] })),
        "CHECKPOINT_SHAPE",
        "head.weight",
      ],
      [
        "another type",
        (tensors) => tensors.set("head.bias", tensor(new Int32Array(7))),
        "CHECKPOINT_SHAPE",
        "i32",
      ],
    ])("%s is refused, and nothing is kept", async (_what, change, code, name) => {
      const { buffers, tensors: alive } = memory();
      const error = await errorOf(loadViT(await files(TIMM, change)));
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
      expect(memory()).toMatchObject({ buffers, tensors: alive });
    });

    test("weights that are no numbers are kept, and named once", async () => {
      const warnings: string[] = [];
      const bad = await files(TIMM, (tensors) => {
        const values = (name: string, value: number): void => {
          const { shape, size } = tensors.get(name)!;
          const list = Float32Array.from({ length: size }, (_, i) => (i === size - 1 ? value : 1));
          tensors.set(name, tensor(list, { shape }));
        };
        values("blocks.1.mlp.fc1.bias", Number.NaN);
        values("blocks.0.attn.qkv.bias", Number.NEGATIVE_INFINITY);
      });
      using model = await loadViT(bad, { onWarning: (message) => warnings.push(message) });
      expect(warnings).toEqual([
        'loadViT: the checkpoint holds NaN or infinities in "blocks.0.attn.b_V", "blocks.1.mlp.b_in"; ' +
          "they are kept as they are, and whatever is computed from them may be NaN",
      ]);
      expect((await model.parameters.get("blocks.1.mlp.b_in")!.data()).at(-1)).toBeNaN();
      using sound = await loadViT(TIMM, { onWarning: (message) => warnings.push(message) });
      expect([sound.layers, warnings.length]).toEqual([3, 1]);
    });

    test("a truncated file is refused", async () => {
      const { tensors } = await readSafetensors(new URL("model.safetensors", TIMM));
      const whole = await writeSafetensors(tensors);
      tensors.forEach((one) => one.dispose());
      const error = await errorOf(
        loadViT({ config: await configOf(TIMM), weights: whole.slice(0, -4) }),
      );
      expect(error.code).toMatch(/^ST_/);
    });

    test("a cancelled load keeps nothing", async () => {
      const { buffers, tensors: alive } = memory();
      const stop = new AbortController();
      const onProgress = (): void => stop.abort();
      expect((await errorOf(loadViT(TIMM, { signal: stop.signal, onProgress }))).code).toBe(
        "CANCELLED",
      );
      expect(memory()).toMatchObject({ buffers, tensors: alive });
    });
  });

  describe("configurations", () => {
    const weights = new Map<string, Tensor>();
    test.each<[string, (config: Config) => unknown, string]>([
      [
        "an unknown architecture",
        (config) => (config["architecture"] = "resnet50"),
        "architecture",
      ],
      [
        "an argument that is not understood",
        (config) => (config.model_args["qk_norm"] = true),
        "model_args.qk_norm",
      ],
      ["an unknown activation", (config) => (config.model_args["act_layer"] = "mish"), "act_layer"],
      ["an unknown pooling", (config) => (config["global_pool"] = "max"), "global_pool"],
      [
        "heads that do not divide the width",
        (config) => (config.model_args["num_heads"] = 5),
        "dHead",
      ],
      [
        "patches larger than the picture",
        (config) => (config.model_args["patch_size"] = 99),
        "imageSize",
      ],
      ["a depth that is text", (config) => (config.model_args["depth"] = "3"), "depth"],
      [
        "labels for other classes",
        (config) => (config["label_names"] = ["one"]),
        "1 labels for 7 classes",
      ],
      [
        "no layout that is known",
        (config) => delete config["architecture"],
        "a layout of timm; transformers ViT",
      ],
    ])("%s is refused", async (_what, change, names) => {
      const config = await configOf(TIMM);
      change(config);
      const error = await errorOf(loadViT({ config, weights }));
      expect(error.code).toBe("CONFIG_INVALID");
      expect(error.message).toContain(names);
    });

    test("a field of our own layout that does not exist is refused", async () => {
      const config = { ...(await configOf(goldenFolder("prisma-no-norm"))), nLayer: 2 };
      expect((await errorOf(loadViT({ config, weights }))).message).toContain("nLayer");
    });
  });

  test("a folder that is not there", async () => {
    expect((await errorOf(loadViT(new URL("nowhere/", TIMM)))).code).toBe("SOURCE_NOT_FOUND");
  });
});
