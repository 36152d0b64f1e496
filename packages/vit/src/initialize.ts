// Initial weights as ViT-Prisma and as timm draw them, computed on the host from a seed, so that every device starts from the same bits.
import type { ViTConfig } from "./config.ts";
import { parameterShapes } from "./parameter-shapes.ts";

/** Standard deviations of ViT-Prisma's `cls_std` and `pos_std`, and timm's. */
const CLS_STD = 1e-6;
const POS_STD = 0.02;
const LEARNED_TOKEN = /^(?:cls|dist|reg)_token$/;
/** Standard deviation of timm's linear weights. */
const LINEAR_STD = 0.02;

/** Uniform numbers in [0, 1) of 53 bits: sfc32 (Doty-Humphrey, PractRand), seeded and warmed up. */
class HostRandom {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    this.#state.set([seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0x9e3779b9, 1]);
    for (let i = 0; i < 16; i++) this.#word();
  }

  #word(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const sum = (a + b + counter) >>> 0;
    const rotated = (c << 21) | (c >>> 11);
    this.#state.set([b ^ (b >>> 9), c + (c << 3), rotated + sum, counter + 1]);
    return sum;
  }

  uniform(): number {
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  /** Box and Muller 1958. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

type Draw = (random: HostRandom) => number;

/** How the parameter `name` of a model is drawn. */
export type Initialization = (name: string, shape: readonly number[], config: ViTConfig) => Draw;

const constant =
  (value: number): Draw =>
  () =>
    value;
const normal =
  (std: number): Draw =>
  (random) =>
    std * random.normal();
const uniform =
  (bound: number): Draw =>
  (random) =>
    bound * (2 * random.uniform() - 1);

/** PyTorch's fans: the second axis times all after the first two, and the first times the same. */
function fans([first = 1, second = 1, ...rest]: readonly number[]): {
  readonly fanIn: number;
  readonly fanOut: number;
} {
  const field = rest.reduce((product, size) => product * size, 1);
  return { fanIn: second * field, fanOut: first * field };
}

const ofNorm = (name: string): Draw => constant(name.endsWith(".w") ? 1 : 0);

/** ViT-Prisma's: PyTorch's `xavier_uniform_`, `kaiming_normal_` with ReLU's gain, or as ViT-Prisma says; biases zero. */
export const prismaInitialization: Initialization = (name, shape) => {
  const { fanIn, fanOut } = fans(shape);
  if (LEARNED_TOKEN.test(name)) return normal(CLS_STD);
  if (name === "pos_embed.W_pos" || name === "attn_pool.latent") return normal(POS_STD);
  if (/\.W_[QKVO]$/.test(name)) return uniform(Math.sqrt(6 / (fanIn + fanOut)));
  if (/\.W_|^embed\.proj\.weight$/.test(name)) return normal(Math.sqrt(2 / fanIn));
  return ofNorm(name);
};

/**
 * timm's `VisionTransformer.init_weights` with `init_weights_vit_timm`: linear weights and positions normal, cut off at
 * 2, which is a hundred deviations and never met; biases zero; the embedding as PyTorch's `Conv2d` starts, weight and bias.
 */
export const timmInitialization: Initialization = (name, _, { nChannels, patchSize, dModel }) => {
  if (LEARNED_TOKEN.test(name)) return normal(CLS_STD);
  if (name === "pos_embed.W_pos") return normal(POS_STD);
  if (name === "attn_pool.latent") return normal(1 / Math.sqrt(dModel));
  if (name.startsWith("embed.proj.")) return uniform(1 / Math.sqrt(nChannels * patchSize ** 2));
  return name.includes(".W_") ? normal(LINEAR_STD) : ofNorm(name);
};

/** Values of every parameter of a model of `config`, by name. The same seed gives the same values. */
export function initialize(
  config: ViTConfig,
  seed: number,
  initialization: Initialization,
): ReadonlyMap<string, Float32Array> {
  const random = new HostRandom(seed);
  const values = new Map<string, Float32Array>();
  for (const [name, shape] of parameterShapes(config)) {
    const draw = initialization(name, shape, config);
    const size = shape.reduce((product, one) => product * one, 1);
    values.set(
      name,
      Float32Array.from({ length: size }, () => draw(random)),
    );
  }
  return values;
}
