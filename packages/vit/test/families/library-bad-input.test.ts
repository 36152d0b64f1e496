// Configurations of transformers and open_clip that cannot be computed, and folders in parts that do not fit: named at once.
import { init, memory, PrismaError, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadViT } from "../../src/index.ts";
import { goldenFolder, readJson } from "../golden-set.ts";

type Json = Record<string, unknown>;

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

const json = (value: unknown): Blob => new Blob([JSON.stringify(value)]);

async function blobOf(folder: string, name: string): Promise<Blob> {
  const { readFile } = await import("node:fs/promises");
  return new Blob([await readFile(new URL(name, goldenFolder(folder)))]);
}

/** The files of a golden set, with its configuration changed. */
async function changed(
  folder: string,
  file: string,
  change: (config: Json) => void,
): Promise<Map<string, Blob>> {
  const config = await readJson<Json>(new URL(file, goldenFolder(folder)));
  change(config);
  return new Map([[file, json(config)]]);
}

/** Code and message of what loading throws, and how many buffers and tensors it leaves. */
async function refusal(
  source: ReadonlyMap<string, Blob>,
): Promise<{ readonly error: string; readonly left: readonly number[] }> {
  const before = memory();
  const error: unknown = await loadViT(source).then(
    (model) => model.dispose(),
    (thrown: unknown) => thrown,
  );
  const after = memory();
  return {
    error: error instanceof PrismaError ? `${error.code} ${error.message}` : String(error),
    left: [after.buffers - before.buffers, after.tensors - before.tensors],
  };
}

const refused = (code: string, what: string) => ({
  error: expect.stringMatching(
    new RegExp(`^${code}.*${what.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "s"),
  ) as string,
  left: [0, 0],
});

test.each<readonly [string, string, (config: Json) => void, string]>([
  [
    "hf-vit",
    "an unknown class",
    (c) => (c["architectures"] = ["ViTMAEForPreTraining"]),
    "one of ViTForImageClassification",
  ],
  [
    "hf-vit",
    "an unknown model",
    (c) => (c["model_type"] = "swin"),
    'model_type is "swin"; expected a layout of timm',
  ],
  ["hf-vit", "an activation that is not known", (c) => (c["hidden_act"] = "mish"), "hidden_act"],
  ["hf-vit", "a field that is not read", (c) => (c["use_rope"] = true), "use_rope"],
  ["hf-vit", "pruned heads", (c) => (c["pruned_heads"] = { 0: [1] }), "pruned_heads"],
  ["hf-vit", "a class without a name", (c) => (c["id2label"] = { 0: "a", 2: "b" }), "1 has none"],
  ["hf-vit", "another number of classes", (c) => (c["num_labels"] = 9), "num_labels"],
  ["hf-vit", "patches that are not square", (c) => (c["patch_size"] = [4, 2]), "patch_size"],
  [
    "hf-dinov2",
    "a head on two readings",
    (c) => (c["architectures"] = ["Dinov2ForImageClassification"]),
    "side by side",
  ],
  ["hf-dinov2", "pictures that are not square", (c) => (c["image_size"] = [8, 4]), "image_size"],
  ["hf-siglip", "no attention pooling", (c) => (c["vision_use_head"] = false), "vision_use_head"],
  [
    "hf-clip",
    "a text tower alone",
    (c) => (c["model_type"] = "clip_text_model"),
    "clip_text_model",
  ],
])("%s: %s", async (folder, _what, change, names) => {
  expect(await refusal(await changed(folder, "config.json", change))).toEqual(
    refused("CONFIG_INVALID", names),
  );
});

test.each<readonly [string, (model: Json, vision: Json) => void, string]>([
  ["a convolutional tower", (_m, v) => (v["timm_model_name"] = "resnet50"), "timm_model_name"],
  ["attentional pooling", (_m, v) => (v["attentional_pool"] = true), "attentional_pool"],
  ["norms of queries and keys", (_m, v) => (v["qk_norm"] = true), "qk_norm"],
  ["an unknown field of the pair", (m) => (m["hyperbolic"] = 1), "hyperbolic"],
  ["no embedding", (m) => delete m["embed_dim"], "embed_dim"],
  ["an unknown pooling", (_m, v) => (v["pool_type"] = "none"), "pool_type"],
])("open_clip: %s", async (_what, change, names) => {
  const files = await changed("open-clip", "open_clip_config.json", (config) => {
    const model = config["model_cfg"] as Json;
    change(model, model["vision_cfg"] as Json);
  });
  expect(await refusal(files)).toEqual(refused("CONFIG_INVALID", names));
});

/** The set that is saved in parts, its index changed. */
async function parts(change: (index: { weight_map: Json }) => unknown): Promise<Map<string, Blob>> {
  const names = [
    "config.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
  ];
  const files = new Map<string, Blob>();
  for (const name of names) files.set(name, await blobOf("hf-deit", name));
  const index = await readJson<{ weight_map: Json }>(
    new URL("model.safetensors.index.json", goldenFolder("hf-deit")),
  );
  const made = change(index);
  files.set("model.safetensors.index.json", made instanceof Blob ? made : json(index));
  return files;
}

const FIRST = "deit.embeddings.cls_token";
const SECOND = "model-00002-of-00002.safetensors";

function rename(map: Json, from: string, to: string): void {
  for (const [tensor, file] of Object.entries(map)) if (file === from) map[tensor] = to;
}

test.each<readonly [string, (index: { weight_map: Json }) => unknown, string]>([
  ["not JSON", () => new Blob(["{"]), "not JSON"],
  ["no map", (index) => delete (index as Partial<typeof index>).weight_map, "no weight_map"],
  ["an empty map", (index) => (index.weight_map = {}), "is empty"],
  [
    "a file above the folder",
    (index) => (index.weight_map[FIRST] = "../secret.safetensors"),
    "../secret",
  ],
  [
    "a file of another host",
    (index) => (index.weight_map[FIRST] = "https://x.org/a.bin"),
    "https://x.org",
  ],
  ["a file that is a number", (index) => (index.weight_map[FIRST] = 3), FIRST],
  [
    "a file that is not there",
    (index) => rename(index.weight_map, SECOND, "no.safetensors"),
    "is not there",
  ],
  [
    "a tensor that its file lacks",
    (index) => (index.weight_map["more"] = "model-00001-of-00002.safetensors"),
    "lacks",
  ],
  ["a tensor that it does not list", (index) => delete index.weight_map[FIRST], "does not list"],
])("an index: %s", async (_what, change, names) => {
  expect(await refusal(await parts(change))).toEqual(refused("INDEX_INVALID", names));
});

test("a model in parts is one model", async () => {
  using model = await loadViT(await parts(() => undefined));
  expect(model.config.classificationType).toBe("distilled");
});

test("a tensor that is missing, unused or of another shape is named", async () => {
  const open = (folder: string, change: (config: Json) => void) =>
    changed(folder, "config.json", change).then(async (files) =>
      files.set("model.safetensors", await blobOf(folder, "model.safetensors")),
    );
  const deeper = await open("hf-vit", (config) => (config["num_hidden_layers"] = 3));
  expect(await refusal(deeper)).toEqual(refused("CHECKPOINT_MISSING", "vit.encoder.layer.2."));
  const flatter = await open("hf-vit", (config) => (config["num_hidden_layers"] = 1));
  expect(await refusal(flatter)).toEqual(refused("CHECKPOINT_UNEXPECTED", "vit.encoder.layer.1."));
  const wider = await open("hf-vit", (config) => (config["intermediate_size"] = 44));
  expect(await refusal(wider)).toEqual(refused("CHECKPOINT_SHAPE", "intermediate.dense"));
});
