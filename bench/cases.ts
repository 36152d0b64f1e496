// What is measured: one list of workloads, each described in numbers so that every engine builds the same thing.

/** Sizes of a vision transformer with random weights and a CLS token. */
export interface VitSizes {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width between the two layers of an MLP. */
  readonly hidden: number;
  readonly batch: number;
  /** Pixels: rows, columns, channels, and the side of a patch. */
  readonly image: readonly [rows: number, columns: number, channels: number, patch: number];
  readonly classes: number;
}

/** Patches of one image, and values in one patch. */
export function patchesOf({ image: [rows, columns, channels, patch] }: VitSizes): {
  readonly patches: number;
  readonly values: number;
} {
  return { patches: (rows / patch) * (columns / patch), values: patch * patch * channels };
}

/** One workload. `matmul` is [batch, m, k] x [batch, k, n] (or x [k, n] with `sharedRight`). */
export type Workload =
  | {
      readonly kind: "matmul";
      readonly batch: number;
      readonly m: number;
      readonly k: number;
      readonly n: number;
      readonly sharedRight: boolean;
    }
  | { readonly kind: "softmax" | "layerNorm" | "gelu"; readonly shape: readonly number[] }
  | {
      readonly kind: "vit";
      readonly sizes: VitSizes;
      readonly cached: boolean;
      /** Folder of trained weights, from the root; who cannot read it takes random ones of the same sizes. */
      readonly checkpoint: string | null;
    };

/** A named workload and its floating-point operations (0 where a rate says nothing). */
export interface Case {
  readonly name: string;
  readonly group: "matmul" | "attention" | "rows" | "vit";
  readonly workload: Workload;
  readonly flops: number;
}

function matmul(name: string, m: number, k: number, n: number): Case {
  return {
    name,
    group: "matmul",
    workload: { kind: "matmul", batch: 1, m, k, n, sharedRight: true },
    flops: 2 * m * k * n,
  };
}

function attention(name: string, batch: number, m: number, k: number, n: number): Case {
  return {
    name,
    group: "attention",
    workload: { kind: "matmul", batch, m, k, n, sharedRight: false },
    flops: 2 * batch * m * k * n,
  };
}

/** 224-pixel images in patches of 16, ImageNet's classes. */
const IMAGENET = { image: [224, 224, 3, 16], classes: 1000, batch: 1 } as const;
/** Sizes of ViT-B/16. */
export const VIT_B: VitSizes = { layers: 12, heads: 12, width: 768, hidden: 3072, ...IMAGENET };
/** Sizes of ViT-Ti/16. */
const VIT_TI: VitSizes = { layers: 12, heads: 3, width: 192, hidden: 768, ...IMAGENET };
/** Sizes of the demo's model. */
const SHIPPED: VitSizes = {
  layers: 4,
  heads: 4,
  width: 96,
  hidden: 384,
  batch: 1,
  image: [28, 56, 1, 7],
  classes: 10,
};

/** Multiply-adds of a forward pass, counted as two operations each. */
export function vitFlops(sizes: VitSizes): number {
  const { layers, width, hidden, batch, classes } = sizes;
  const { patches, values } = patchesOf(sizes);
  const tokens = patches + 1;
  const block = tokens * width * (4 * width + 2 * hidden) + 2 * tokens * tokens * width;
  return 2 * batch * (layers * block + patches * values * width + width * classes);
}

function vit(name: string, sizes: VitSizes, cached: boolean, checkpoint: string | null): Case {
  const workload = { kind: "vit", sizes, cached, checkpoint } as const;
  return { name, group: "vit", workload, flops: vitFlops(sizes) };
}

/** Every workload, smallest of each group first. */
export const CASES: readonly Case[] = [
  matmul("matmul 256", 256, 256, 256),
  matmul("matmul 512", 512, 512, 512),
  matmul("matmul 1024", 1024, 1024, 1024),
  matmul("ViT-B qkv 197x768x2304", 197, 768, 2304),
  matmul("ViT-B out 197x768x768", 197, 768, 768),
  matmul("ViT-B fc1 197x768x3072", 197, 768, 3072),
  matmul("ViT-B fc2 197x3072x768", 197, 3072, 768),
  attention("attention QK 12x197x64x197", 12, 197, 64, 197),
  attention("attention AV 12x197x197x64", 12, 197, 197, 64),
  {
    name: "softmax 12x197x197",
    group: "rows",
    workload: { kind: "softmax", shape: [12, 197, 197] },
    flops: 0,
  },
  {
    name: "layer norm 197x768",
    group: "rows",
    workload: { kind: "layerNorm", shape: [197, 768] },
    flops: 0,
  },
  {
    name: "gelu 197x3072",
    group: "rows",
    workload: { kind: "gelu", shape: [197, 3072] },
    flops: 0,
  },
  vit("trained model of the demo", SHIPPED, false, "apps/demo/public/models/garment-scenes-vit"),
  vit("ViT-Ti/16", VIT_TI, false, null),
  vit("ViT-B/16", VIT_B, false, null),
  vit("ViT-B/16, every activation kept", VIT_B, true, null),
];
