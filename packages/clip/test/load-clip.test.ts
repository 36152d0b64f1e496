// Loading pairs, encoding, and what is refused: unknown options, missing and unexpected weights, ids that are none.
import { fileURLToPath } from "node:url";
import { init, readSafetensors, tensor, zeros, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../analysis/src/index.ts";
import { isClip, loadClip, loadZeroShot, type Clip } from "../src/index.ts";
import type { JsonObject } from "../src/tokenizer/tokenizer-file.ts";
import { clipFolder, errorOf, inputOf, openGolden } from "./golden-clip.ts";
import { readGolden, readGoldenJson } from "./read-golden.ts";
import { repositoryFile } from "../../../test/repository-file.ts";

let device: Device;
let weights: Uint8Array<ArrayBuffer>;
let config: JsonObject;
let openClip: { model_cfg: { vision_cfg: object; text_cfg: object } };
const shippedViT = fileURLToPath(repositoryFile("apps/demo/public/models/garment-scenes-vit"));

beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
  weights = await readGolden("clip/model.safetensors");
  config = await readGoldenJson("clip/config.json");
  openClip = await readGoldenJson("open-clip/open_clip_config.json");
});
afterAll(() => device.dispose());

const section = (name: string): JsonObject => config[name] as JsonObject;

async function withClip<T>(use: (clip: Clip) => Promise<T>): Promise<T> {
  using clip = await loadClip(clipFolder("clip"));
  return await use(clip);
}

/** The tensors of the golden pair, some of them changed. */
async function tensorsWith(
  change: (tensors: Map<string, Tensor>) => void,
): Promise<Map<string, Tensor>> {
  const { tensors } = await readSafetensors(weights);
  const changed = new Map(tensors);
  change(changed);
  for (const [name, one] of tensors) if (changed.get(name) !== one) one.dispose();
  return changed;
}

describe("a folder", () => {
  test("by path gives both towers, a tokenizer and the scale of logits", async () => {
    using clip = await loadClip(fileURLToPath(clipFolder("clip")));
    expect(clip.logitScale).toBeCloseTo(Math.exp(2.5), 5);
    expect(clip.logitBias).toBe(0);
    expect(clip.tokenizer?.contextLength).toBe(12);
    expect([clip.vision.config.activationName, clip.text.config.activationName]).toEqual([
      "quick_gelu",
      "quick_gelu",
    ]);
    expect([clip.text.config.pooling, clip.text.config.eotId]).toEqual(["eot", 573]);
    expect(clip.text.tokens.readout).toBe("eot");
  });

  test("pads as its library does", async () => {
    using transformers = await loadClip(clipFolder("clip"));
    using open = await loadClip(clipFolder("open-clip"));
    expect([transformers.tokenizer?.padding, open.tokenizer?.padding]).toEqual([573, 0]);
  });

  test("is known for a pair, or for none", async () => {
    expect(await isClip(clipFolder("open-clip"))).toBe(true);
    expect(await isClip(shippedViT)).toBe(false);
    expect(await isClip(clipFolder("nowhere"))).toBe(false);
    expect(await isClip({ config })).toBe(true);
  });

  test("without tokenizer files takes ids alone", async () => {
    using clip = await loadClip({ config, weights });
    await expect(clip.encodeText("cat")).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    using ids = await clip.encodeText([[572, 64, 573]]);
    expect(ids.shape).toEqual([1, 24]);
  });
});

describe("a picture", () => {
  test("goes the way the processor says", async () => {
    await withClip(async (clip) => {
      const grey = { data: new Uint8Array(16 * 16 * 4).fill(255), width: 16, height: 16 };
      using input = await clip.vision.preprocess(grey);
      const [red] = await input.data();
      expect(red).toBeCloseTo((1 - 0.48145466) / 0.26862954, 5);
      using both = await clip.encodeImage([grey, grey], { batchSize: 1 });
      using one = await clip.encodeImage(grey);
      expect([...(await both.data())].slice(24)).toEqual([...(await one.data())]);
    });
  });
});

describe("loadModel", () => {
  test("makes a pair a classifier that owns what it needs", async () => {
    using model = await loadModel(clipFolder("clip"), {
      texts: ["cat", "dog"],
      templates: ["a {}."],
    });
    expect(model.labels).toEqual(["cat", "dog"]);
    using logits = model.forward(zeros([1, 3, 16, 16]));
    expect((await logits.data()).every(Number.isFinite)).toBe(true);
  });

  test("processes it when asked", async () => {
    using model = await loadModel(clipFolder("clip"), { texts: ["cat", "dog"], process: true });
    expect(model.processing).toEqual(["foldLayerNorm", "centerWritingWeights", "foldValueBiases"]);
  });

  test("without texts gives the tower of pictures", async () => {
    using model = await loadModel(clipFolder("clip"));
    expect(model.labels).toBeNull();
    expect(model.config.nClasses).toBe(24);
  });

  test("says what it lacks", async () => {
    await expect(loadModel(shippedViT, { texts: ["cat"] })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
  });
});

test("open_clip's layer scale is part of what blocks of texts write", async () => {
  const { tensors } = await readSafetensors(
    await readGolden("open-clip/open_clip_model.safetensors"),
  );
  const halved = new Map(tensors);
  for (const layer of [0, 1]) {
    const block = `transformer.resblocks.${layer}`;
    for (const part of ["attn.out_proj", "mlp.c_proj"])
      for (const what of ["weight", "bias"]) {
        const name = `${block}.${part}.${what}`;
        using whole = halved.get(name)!;
        halved.set(name, await whole.mul(0.5).realize());
      }
    for (const gamma of ["ls_1.gamma", "ls_2.gamma"])
      halved.set(`${block}.${gamma}`, tensor([...Array<number>(32).fill(2)]));
  }
  const text_cfg = { ...openClip.model_cfg.text_cfg, ls_init_value: 1e-5 };
  const scaledConfig = { model_cfg: { ...openClip.model_cfg, text_cfg } };
  using scaled = await loadClip({ config: scaledConfig, weights: halved });
  using plain = await loadClip(clipFolder("open-clip"));
  const ids = [[572, 64, 99, 573]];
  using found = await scaled.encodeText(ids);
  using expected = await plain.encodeText(ids);
  const [a, b] = await Promise.all([found.data(), expected.data()]);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
});

describe("a configuration that is refused", () => {
  const vision = (changes: object): JsonObject => ({
    ...config,
    vision_config: { ...section("vision_config"), ...changes },
  });
  const text = (changes: object): JsonObject => ({
    ...config,
    text_config: { ...section("text_config"), ...changes },
  });
  const open = (name: "vision_cfg" | "text_cfg", changes: object): JsonObject => ({
    model_cfg: { ...openClip.model_cfg, [name]: { ...openClip.model_cfg[name], ...changes } },
  });

  test.each([
    ["another model", () => ({ ...config, model_type: "blip" }), "model_type"],
    ["an activation that is unknown", () => text({ hidden_act: "mish" }), "hidden_act"],
    ["no heads", () => text({ num_attention_heads: 0 }), "dHead"],
    ["heads that do not divide", () => text({ num_attention_heads: 5 }), "dHead"],
    ["a vocabulary of a billion", () => text({ vocab_size: 1e9 }), "vocabSize"],
    ["a context of 1.5", () => text({ max_position_embeddings: 1.5 }), "contextLength"],
    ["a width that is a text", () => text({ hidden_size: "32" }), "hidden_size"],
    ["a patch larger than the image", () => vision({ patch_size: 32 }), "imageSize"],
    ["a negative eps", () => text({ layer_norm_eps: -1 }), "eps"],
    [
      "open_clip's attentional pool",
      () => open("vision_cfg", { attentional_pool: true }),
      "attentional_pool",
    ],
    [
      "open_clip's timm tower",
      () => open("vision_cfg", { timm_model_name: "vit_base_patch16_siglip_224" }),
      "timm_model_name",
    ],
    [
      "open_clip's text tower of transformers",
      () => open("text_cfg", { hf_model_name: "roberta-base" }),
      "hf_model_name",
    ],
    ["open_clip's class token for texts", () => open("text_cfg", { embed_cls: true }), "embed_cls"],
    ["open_clip's pooling of nothing", () => open("text_cfg", { pool_type: "none" }), "pool_type"],
    ["open_clip's square of attention", () => open("text_cfg", { qk_norm: true }), "qk_norm"],
  ] as const)("%s", async (_, changed, named) => {
    const loading = loadClip({ config: changed(), weights });
    await expect(loading).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: new RegExp(named),
    });
  });

  test("a processor of another size, or a filter that is not known", async () => {
    const preprocessor = await readGoldenJson<JsonObject>("clip/preprocessor_config.json");
    for (const wrong of [
      { crop_size: 32 },
      { resample: 4 },
      { image_mean: [0.5] },
      { rescale_factor: 0 },
    ])
      await expect(
        loadClip({ config, weights, preprocessor: { ...preprocessor, ...wrong } }),
      ).rejects.toMatchObject({
        code: "CONFIG_INVALID",
      });
  });
});

describe("weights that are refused", () => {
  test.each([
    [
      "a missing tensor",
      (t: Map<string, Tensor>) => t.delete("text_projection.weight"),
      "CHECKPOINT_MISSING",
    ],
    ["a missing scale", (t: Map<string, Tensor>) => t.delete("logit_scale"), "CHECKPOINT_MISSING"],
    [
      "an unexpected tensor",
      (t: Map<string, Tensor>) => t.set("text_model.extra", zeros([1])),
      "CHECKPOINT_UNEXPECTED",
    ],
    [
      "another shape",
      (t: Map<string, Tensor>) => t.set("text_projection.weight", zeros([24, 31])),
      "CHECKPOINT_SHAPE",
    ],
    [
      "a scale that is no number",
      (t: Map<string, Tensor>) => t.set("logit_scale", tensor([Number.NaN])),
      "CHECKPOINT_SHAPE",
    ],
    [
      "two scales",
      (t: Map<string, Tensor>) => t.set("logit_scale", zeros([2])),
      "CHECKPOINT_SHAPE",
    ],
  ] as const)("%s, and nothing is kept", async (_, change, code) => {
    const changed = await tensorsWith((tensors) => void change(tensors));
    await expect(loadClip({ config, weights: changed })).rejects.toMatchObject({ code });
  });

  test("positions that older files hold are left aside", async () => {
    const changed = await tensorsWith((tensors) =>
      tensors.set("text_model.embeddings.position_ids", zeros([1, 12], { dtype: "i32" })),
    );
    using clip = await loadClip({ config, weights: changed });
    expect(
      [...clip.text.parameters.keys()].filter((name) => name.includes("position_ids")),
    ).toEqual([]);
  });

  test("NaN is said once", async () => {
    const changed = await tensorsWith((tensors) =>
      tensors.set(
        "text_model.final_layer_norm.bias",
        tensor(new Float32Array(32).fill(Number.NaN)),
      ),
    );
    const warnings: string[] = [];
    (
      await loadClip({ config, weights: changed }, { onWarning: (text) => warnings.push(text) })
    ).dispose();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("text.ln_final.b");
  });
});

describe("calls that are refused", () => {
  test("texts and ids", () =>
    withClip(async (clip) => {
      const codeOf = (promise: Promise<unknown>) =>
        promise.then(
          () => "none",
          (error: { code: string }) => error.code,
        );
      expect(await codeOf(clip.encodeText([]))).toBe("ARGUMENT_INVALID");
      expect(
        await codeOf(
          clip.encodeText("a photo of a very long sentence, longer than the model reads"),
        ),
      ).toBe("TEXT_TOO_LONG");
      expect(await codeOf(clip.encodeText([[572, 574, 573]]))).toBe("INDEX_OUT_OF_RANGE");
      expect(await codeOf(clip.encodeText([[572, -1, 573]]))).toBe("INDEX_OUT_OF_RANGE");
      expect(await codeOf(clip.encodeText([[572, 5, 6]]))).toBe("ARGUMENT_INVALID");
      expect(
        await codeOf(
          clip.encodeText([
            [572, 5, 573],
            [572, 573],
          ]),
        ),
      ).toBe("SHAPE_MISMATCH");
      expect(await codeOf(clip.encodeText([new Array<number>(13).fill(573)]))).toBe(
        "SHAPE_MISMATCH",
      );
      expect(await codeOf(clip.encodeText("cat", { batchSize: 0 }))).toBe("ARGUMENT_INVALID");
      expect(await codeOf(clip.encodeText("cat", { signal: AbortSignal.abort() }))).toBe(
        "CANCELLED",
      );
      expect(await codeOf(clip.encodeImage([]))).toBe("ARGUMENT_INVALID");
      expect(await codeOf(clip.encodeImage({ data: new Uint8Array(4), width: 9, height: 9 }))).toBe(
        "IMAGE_INVALID",
      );
    }));

  test("classifiers", () =>
    withClip(async (clip) => {
      for (const [texts, templates] of [
        [[], ["{}"]],
        [["cat", "cat"], ["{}"]],
        [["cat"], []],
        [["cat"], ["a photo"]],
      ] as const)
        await expect(clip.asClassifier(texts, { templates })).rejects.toMatchObject({
          code: "ARGUMENT_INVALID",
        });
      await expect(loadZeroShot(clipFolder("clip"), { texts: [] })).rejects.toMatchObject({
        code: "ARGUMENT_INVALID",
      });
    }));

  test("the text tower", () =>
    withClip(async ({ text }) => {
      using floats = zeros([1, 12]);
      using ids = zeros([1, 13], { dtype: "i32" });
      using stream = zeros([1, 12, 32]);
      expect(() => text.forward(floats)).toThrow("DTYPE_MISMATCH");
      expect(() => text.forward(ids)).toThrow("SHAPE_MISMATCH");
      expect(() => text.forward(stream, { startAtLayer: 1 })).toThrow("where the text ends");
      using cut = text.forward(stream, { startAtLayer: 1, stopAtLayer: 2 });
      expect(cut.shape).toEqual([1, 12, 32]);
    }));
});

test("what starts in the middle by a hook ends as the whole does", () =>
  withClip(async ({ text }) => {
    using ids = tensor(Int32Array.of(572, 5, 6, 573), { shape: [1, 4] });
    using middle = text.forward(ids, { stopAtLayer: 1 });
    using other = tensor(Int32Array.of(572, 9, 9, 573), { shape: [1, 4] });
    using mended = text.runWithHooks(other, { hooks: [["blocks.1.hook_resid_pre", () => middle]] });
    using whole = text.forward(ids);
    expect(await mended.data()).toEqual(await whole.data());
  }));

test("a token sees none after it, and padding changes nothing", () =>
  withClip(async ({ text }) => {
    using short = tensor(Int32Array.of(572, 5, 573), { shape: [1, 3] });
    using long = tensor(Int32Array.of(572, 5, 573, 573, 0, 0, 7), { shape: [1, 7] });
    using a = text.forward(short);
    using b = text.forward(long);
    const [x, y] = [await a.data(), await b.data()];
    expect(Math.max(...x.map((value: number, i: number) => Math.abs(value - y[i]!)))).toBeLessThan(
      1e-5,
    );
  }));

test.each(["clip", "siglip", "open-clip"])(
  "%s: hooks of both towers, in their order and shapes",
  async (name) => {
    const { clip, index } = await openGolden(name);
    for (const tower of ["text", "vision"] as const) {
      const golden = index[tower];
      if (golden === undefined) continue;
      const batch = tower === "text" ? 3 : 2;
      const table = clip[tower].hooksTable({ batch }).map(({ name, shape }) => ({ name, shape }));
      expect(table, tower).toEqual(golden.hooks.map(({ name, shape }) => ({ name, shape })));
    }
    clip.dispose();
  },
);

test.each([2, 300])(
  "the end of a text is found as transformers does for eos_token_id %s",
  async (eot) => {
    const { clip, pair } = await openGolden("clip");
    const config = await readGoldenJson<{ text_config: object }>("clip/config.json");
    const changed = { ...config, text_config: { ...config.text_config, eos_token_id: eot } };
    const weights = await readGolden("clip/model.safetensors");
    using other = await loadClip({ config: changed, weights });
    using ids = inputOf(pair.get("ids")!);
    using text = await other.encodeText(ids, { normalize: false });
    expect(await errorOf(text, pair.get(`text_embeds_eot_${eot}`)!)).toBeLessThan(1);
    const same = await errorOf(text, pair.get("text_embeds")!);
    expect(same > 100).toBe(eot === 300);
    clip.dispose();
  },
);
