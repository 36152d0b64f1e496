// Configurations of Prisma's own checkpoints that must be refused, naming the field; and checkpoints that do not fit.
import { byteSource, init, memory, PrismaError, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadViT, type ViTFiles } from "../../src/index.ts";
import { knownLegacyConfig } from "../../src/families/prisma-legacy.ts";
import { goldenFolder, readJson } from "../golden-set.ts";

type Fields = Readonly<Record<string, unknown>>;

let device: Device;
const files = new Map<string, { config: Fields; weights: Uint8Array<ArrayBuffer> }>();
beforeAll(async () => {
  device = await init({ device: "wasm" });
  for (const name of ["prisma-legacy", "prisma-hooked-vit"]) {
    const folder = goldenFolder(name);
    const source = byteSource(new URL("model_0.pth", folder));
    files.set(name, {
      config: await readJson<Fields>(new URL("config.json", folder)),
      weights: await source.read(0, await source.size()),
    });
  }
});
afterAll(() => device.dispose());

async function errorOf(source: ViTFiles): Promise<PrismaError> {
  const before = memory();
  const error = await loadViT(source).then(
    () => new Error("it loaded"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrismaError)) throw error;
  expect(memory()).toMatchObject({ buffers: before.buffers, tensors: before.tensors });
  return error;
}

test.each([
  [{ use_bert_block: true }, /use_bert_block/],
  [{ is_video_transformer: true }, /is_video_transformer/],
  [{ gated_mlp: true }, /gated_mlp/],
  [{ positional_embedding_type: "rotary" }, /positional_embedding_type/],
  [{ n_key_value_heads: 2 }, /n_key_value_heads/],
  [{ activation_name: "solu_ln" }, /activation_name is "solu_ln"; expected one of relu/],
  [{ normalization_type: "RMS" }, /normalization_type/],
  [{ classification_type: "none" }, /classification_type/],
  [{ model_name: "facebook/dino-vitb16" }, /model_name/],
  [{ n_layers: "2" }, /n_layers/],
  [{ d_model: null }, /d_model/],
  [{ use_flash: true }, /use_flash .* no such field/],
] as const)("HookedViT with %j", async (change, message) => {
  const { config, weights } = files.get("prisma-hooked-vit")!;
  const error = await errorOf({ config: { ...config, ...change }, weights });
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toMatch(message);
});

test.each([
  [{ layernorm: { layer_norm_eps: 1e-6 } }, /layernorm.layer_norm_eps/],
  [{ layernorm: { qknorm: true } }, /layernorm.qknorm/],
  [{ transformer: { num_heads: 4, activation_name: "ReLU" } }, /transformer.activation_name/],
  [{ transformer: { num_heads: 4, attn_hidden_layer: false } }, /transformer.attn_hidden_layer/],
  [{ transformer: { num_heads: 4, rotary: true } }, /transformer.rotary .* no such field/],
  [{ transformer: { hidden_dim: 16 } }, /num_heads .* heads are not in the shapes/],
  [{ optimizer: {} }, /optimizer/],
] as const)("a legacy checkpoint with %j", async (change, message) => {
  const { weights } = files.get("prisma-legacy")!;
  const error = await errorOf({ config: { transformer: { num_heads: 4 }, ...change }, weights });
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toMatch(message);
});

test("a checkpoint of another architecture names the tensor", async () => {
  const legacy = files.get("prisma-legacy")!;
  const hooked = files.get("prisma-hooked-vit")!;
  const missing = await errorOf({ config: hooked.config, weights: legacy.weights });
  expect(missing.code).toBe("CHECKPOINT_MISSING");
  const heads = await errorOf({
    config: { ...hooked.config, n_heads: 2, d_head: 8 },
    weights: hooked.weights,
  });
  expect(heads).toMatchObject({ code: "CHECKPOINT_SHAPE", details: { name: "blocks.0.attn.W_Q" } });
  const unexpected = await errorOf({
    config: { ...hooked.config, attn_only: true },
    weights: hooked.weights,
  });
  expect(unexpected.code).toBe("CHECKPOINT_UNEXPECTED");
});

test("heads of the tables' repositories, where they are written down", () => {
  expect(knownLegacyConfig("IamYash/dSprites-tiny-AttentionOnly")).toEqual({
    transformer: { num_heads: 8 },
  });
  expect(knownLegacyConfig("IamYash/ImageNet-tiny-AttentionOnly")).toBeNull();
});
