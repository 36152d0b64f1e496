// Our engine on its WebAssembly device with one thread.
import {
  init,
  randn,
  scope,
  tensor,
  type Tensor,
  writeSafetensors,
  type Device,
} from "@prisma/tensor";
import { loadViT, type ViT } from "@prisma/vit";
import { patchesOf, type Case, type VitSizes } from "../cases.ts";
import { randomValues, type Engine, type Run } from "../engine.ts";

/** Values of `shape`, on the device before anything is timed. */
async function input(seed: number, shape: readonly number[]): Promise<Tensor> {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = tensor(randomValues(size, seed), { shape });
  await values.realize();
  return values;
}

/** A run of what `build` makes of inputs that are already on the device. */
function running(build: () => Tensor): Run {
  return async () => {
    const result = scope(build);
    await result.data();
    result.dispose();
  };
}

/** Shapes of a checkpoint in timm's layout, whose fused qkv is what people load. */
function checkpointShapes(sizes: VitSizes): Map<string, readonly number[]> {
  const { layers, width, hidden, classes, image } = sizes;
  const [, , channels, patch] = image;
  const shapes = new Map<string, readonly number[]>([
    ["cls_token", [1, 1, width]],
    ["pos_embed", [1, patchesOf(sizes).patches + 1, width]],
    ["patch_embed.proj.weight", [width, channels, patch, patch]],
    ["patch_embed.proj.bias", [width]],
    ["norm.weight", [width]],
    ["norm.bias", [width]],
    ["head.weight", [classes, width]],
    ["head.bias", [classes]],
  ]);
  for (let layer = 0; layer < layers; layer++) {
    const linear = (name: string, outputs: number, inputs: number): void => {
      shapes.set(`blocks.${layer}.${name}.weight`, [outputs, inputs]);
      shapes.set(`blocks.${layer}.${name}.bias`, [outputs]);
    };
    for (const norm of ["norm1", "norm2"]) {
      shapes.set(`blocks.${layer}.${norm}.weight`, [width]);
      shapes.set(`blocks.${layer}.${norm}.bias`, [width]);
    }
    linear("attn.qkv", 3 * width, width);
    linear("attn.proj", width, width);
    linear("mlp.fc1", hidden, width);
    linear("mlp.fc2", width, hidden);
  }
  return shapes;
}

/** A ViT with random weights, by way of a checkpoint's bytes as any other is loaded. */
export async function randomVit(sizes: VitSizes): Promise<ViT> {
  const { layers, heads, width, hidden, classes, image } = sizes;
  const [rows, columns, channels, patch] = image;
  const tensors = new Map<string, Tensor>();
  let seed = 0;
  for (const [name, shape] of checkpointShapes(sizes))
    tensors.set(name, randn(shape, { seed: seed++ }).mul(0.02));
  const weights = await writeSafetensors(tensors);
  tensors.forEach((one) => one.dispose());
  const config = {
    architecture: `vit_base_patch${patch}_224`,
    num_classes: classes,
    pretrained_cfg: { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.5) },
    model_args: {
      img_size: [rows, columns],
      patch_size: patch,
      in_chans: channels,
      embed_dim: width,
      depth: layers,
      num_heads: heads,
      mlp_ratio: hidden / width,
    },
  };
  return loadViT({ config, weights });
}

async function prepareVit(sizes: VitSizes, cached: boolean): Promise<Run> {
  const model = await randomVit(sizes);
  const [rows, columns, channels] = sizes.image;
  const images = await input(1, [sizes.batch, channels, rows, columns]);
  if (!cached) return running(() => model.forward(images));
  return async () => {
    using run = await model.runWithCache(images);
    await run.output.data();
  };
}

async function prepare(workload: Case["workload"]): Promise<Run> {
  switch (workload.kind) {
    case "matmul": {
      const { batch, m, k, n, sharedRight } = workload;
      const a = await input(1, sharedRight ? [m, k] : [batch, m, k]);
      const b = await input(2, sharedRight ? [k, n] : [batch, k, n]);
      return running(() => a.matmul(b));
    }
    case "softmax": {
      const x = await input(1, workload.shape);
      return running(() => x.softmax());
    }
    case "layerNorm": {
      const width = workload.shape.slice(-1);
      const x = await input(1, workload.shape);
      const [weight, bias] = [await input(2, width), await input(3, width)];
      return running(() => x.layerNorm({ weight, bias, eps: 1e-6 }));
    }
    case "gelu": {
      const x = await input(1, workload.shape);
      return running(() => x.gelu());
    }
    case "vit":
      return prepareVit(workload.sizes, workload.cached);
  }
}

/** Our engine with one thread. */
export async function createPrisma(): Promise<Engine & { readonly device: Device }> {
  const device = await init({ device: "wasm", threads: 1 });
  return {
    name: "Prisma WASM",
    version: device.info.description,
    device,
    prepare,
    async close() {
      await device.dispose();
    },
  };
}
