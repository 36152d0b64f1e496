// A ViT of given sizes with random weights, made as a checkpoint is loaded: in timm's layout, whose fused qkv is what people have.
import { randn, writeSafetensors, type Tensor } from "@prisma/tensor";
import { loadViT, type ViT } from "@prisma/vit";
import { patchesOf, type VitSizes } from "./cases.ts";

/** Shapes of a checkpoint of `sizes` by timm's names. */
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

/** A ViT of `sizes`, fed with images of [batch, channels, rows, columns]. */
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
