// Peak memory of a CLIP pair of ViT-B/32's size, random weights, in Node: load, encode one image and one text.
import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadClip } from "@prisma/clip";
import { init, zeros } from "@prisma/tensor";

const SIZES = { vocab: 49_408, context: 77, patch: 32, image: 224, embedding: 512 };
const TOWERS = {
  vision_model: { width: 768, mlp: 3072, layers: 12, heads: 12 },
  text_model: { width: 512, mlp: 2048, layers: 12, heads: 8 },
};

/** Names and shapes of transformers' `CLIPModel`. */
function* shapes(): Generator<readonly [name: string, shape: readonly number[]]> {
  for (const [tower, { width: D, mlp: M, layers }] of Object.entries(TOWERS)) {
    for (let layer = 0; layer < layers; layer++) {
      const block = `${tower}.encoder.layers.${layer}`;
      for (const name of ["q", "k", "v"]) {
        yield [`${block}.self_attn.${name}_proj.weight`, [D, D]];
        yield [`${block}.self_attn.${name}_proj.bias`, [D]];
      }
      yield [`${block}.self_attn.out_proj.weight`, [D, D]];
      yield [`${block}.self_attn.out_proj.bias`, [D]];
      for (const norm of ["layer_norm1", "layer_norm2"])
        yield* [[`${block}.${norm}.weight`, [D]] as const, [`${block}.${norm}.bias`, [D]] as const];
      yield [`${block}.mlp.fc1.weight`, [M, D]];
      yield [`${block}.mlp.fc1.bias`, [M]];
      yield [`${block}.mlp.fc2.weight`, [D, M]];
      yield [`${block}.mlp.fc2.bias`, [D]];
    }
  }
  const { vocab, context, patch, image, embedding: C } = SIZES;
  const [V, T] = [TOWERS.vision_model.width, TOWERS.text_model.width];
  yield ["vision_model.embeddings.class_embedding", [V]];
  yield ["vision_model.embeddings.patch_embedding.weight", [V, 3, patch, patch]];
  yield ["vision_model.embeddings.position_embedding.weight", [1 + (image / patch) ** 2, V]];
  for (const norm of ["vision_model.pre_layrnorm", "vision_model.post_layernorm"])
    yield* [[`${norm}.weight`, [V]] as const, [`${norm}.bias`, [V]] as const];
  yield ["visual_projection.weight", [C, V]];
  yield ["text_model.embeddings.token_embedding.weight", [vocab, T]];
  yield ["text_model.embeddings.position_embedding.weight", [context, T]];
  yield* [
    ["text_model.final_layer_norm.weight", [T]] as const,
    ["text_model.final_layer_norm.bias", [T]] as const,
  ];
  yield ["text_projection.weight", [C, T]];
  yield ["logit_scale", []];
}

/** Numbers that a file's values repeat: normal, of a size that trained weights have. */
function noise(): Uint8Array {
  const values = Float32Array.from({ length: 1 << 18 }, () => {
    const [u, v] = [1 - Math.random(), Math.random()];
    return 0.02 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  });
  return new Uint8Array(values.buffer);
}

/** Writes `model.safetensors` and `config.json`; gives the bytes of weights. */
async function writeCheckpoint(folder: string): Promise<number> {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, shape] of shapes()) {
    const from = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [from, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const file = await open(join(folder, "model.safetensors"), "w");
  await file.write(length);
  await file.write(text);
  const block = noise();
  for (let left = end; left > 0; left -= block.length)
    await file.write(block.subarray(0, Math.min(left, block.length)));
  await file.close();
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "clip" }));
  return end;
}

const MEBIBYTE = 2 ** 20;

/** In a process of its own: loads the pair, encodes an image and a text, and prints what it took. */
async function measure(folder: string): Promise<void> {
  await init({ device: "wasm" });
  const started = performance.now();
  const clip = await loadClip(folder);
  const loaded = performance.now();
  using image = await clip.encodeImage(zeros([1, 3, SIZES.image, SIZES.image]));
  using text = await clip.encodeText([[49_406, 320, 2368, 49_407]]);
  await Promise.all([image.data(), text.data()]);
  const encoded = performance.now();
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `load ${seconds(started, loaded)}, one image and one text ${seconds(loaded, encoded)}`,
  );
  console.log(`peak resident memory ${peak.toFixed(0)} MiB`);
}

async function main(): Promise<void> {
  const [given] = process.argv.slice(2);
  if (given !== undefined) return measure(given);
  const folder = await mkdtemp(join(tmpdir(), "clip-"));
  try {
    const bytes = await writeCheckpoint(folder);
    console.log(`weights ${(bytes / MEBIBYTE).toFixed(0)} MiB`);
    const script = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, [...process.execArgv, script, folder], { stdio: "inherit" });
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
