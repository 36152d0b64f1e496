// Weight processing: the output of every kind of model unchanged, what changes inside, and what is refused.
import { init, memory, PrismaError, randn, scope, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createViT,
  foldLayerNorm,
  loadViT,
  type ProcessingName,
  type ViT,
  type ViTConfigInput,
} from "../../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

const SMALL = {
  nLayers: 2,
  dModel: 8,
  nHeads: 2,
  dMlp: 12,
  nChannels: 2,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 3,
} as const satisfies ViTConfigInput<2>;

/** A model whose every parameter is drawn from a normal distribution: norms and biases are far from 1 and 0. */
async function scrambled(options: Partial<ViTConfigInput<2>>): Promise<ViT> {
  using model = await createViT({ ...SMALL, ...options });
  const weights = new Map<string, Tensor>();
  let seed = 1;
  for (const [name, { shape }] of model.parameters)
    weights.set(
      name,
      scope(() => randn(shape, { seed: seed++ }).mul(0.6)),
    );
  const { config } = model;
  return loadViT({ config: { ...config }, weights });
}

/** Largest difference of two tensors over the largest magnitude of the first. */
async function difference(a: Tensor, b: Tensor): Promise<number> {
  using off = scope(() => a.sub(b).abs().max());
  using size = scope(() => a.abs().max());
  return (await off.item()) / (await size.item());
}

const MODELS: readonly (readonly [string, Partial<ViTConfigInput<2>>])[] = [
  ["CLS", {}],
  [
    "a norm before the blocks, a projection, output of length 1 (CLIP)",
    { layerNormPre: true, normalizeOutput: true, activationName: "quick_gelu" },
  ],
  ["no MLP", { attnOnly: true }],
  ["registers", { nRegisters: 3 }],
  ["distilled: two heads", { useDistToken: true, classificationType: "distilled" }],
  ["attention pooling", { classificationType: "map", useClsToken: false }],
  [
    "attention pooling without a head",
    { classificationType: "map", useClsToken: false, returnType: "pre_logits" },
  ],
  ["mean of the patches, then the norm", { classificationType: "avg", useClsToken: false }],
  ["the norm, then the mean of the patches", { classificationType: "avg", fcNorm: false }],
  ["the mean of all tokens", { classificationType: "gaap" }],
  ["gated MLPs", { gatedMlp: true, activationName: "silu" }],
  ["norms without weights", { normalizationType: "LNPre" }],
  ["scores that are not divided", { useAttnScale: false }],
];

test.each(MODELS)("%s: the output stays", async (_, options) => {
  using model = await scrambled(options);
  using input = randn([2, 2, 8, 12], { seed: 99 });
  using before = model.forward(input);
  const each: readonly (true | readonly ProcessingName[])[] = [
    true,
    ["foldLayerNorm"],
    ["centerWritingWeights"],
    ["foldValueBiases"],
    ["refactorAttention"],
  ];
  for (const steps of each) {
    using processed = await model.process(steps);
    using after = processed.forward(input);
    expect(await difference(before, after)).toBeLessThan(1e-5);
    expect(await processed.weightHash()).not.toBe(await model.weightHash());
  }
});

test("a centred head changes all logits of an image by one number", async () => {
  using model = await scrambled({});
  using processed = await model.process(["centerHead"]);
  using input = randn([2, 2, 8, 12], { seed: 99 });
  using before = scope(() => model.forward(input).softmax(-1));
  using after = scope(() => processed.forward(input).softmax(-1));
  expect(await difference(before, after)).toBeLessThan(1e-5);
  using sum = scope(() => processed.forward(input).sum(-1).abs().max());
  expect(await sum.item()).toBeLessThan(1e-4);
});

test("inside: normalized activations lose the affine part, the stream its mean, values and z their bias", async () => {
  using model = await scrambled({});
  using processed = await model.process(true);
  using input = randn([1, 2, 8, 12], { seed: 7 });
  using before = await model.runWithCache(input);
  using after = await processed.runWithCache(input);
  // attn.hook_pattern and mlp.hook_post are what they were.
  for (const name of [
    "blocks.1.attn.hook_pattern",
    "blocks.1.mlp.hook_post",
    "blocks.1.attn.hook_q",
  ] as const)
    expect(await difference(before.cache.get(name), after.cache.get(name))).toBeLessThan(1e-4);
  // hook_normalized before is w * now + b.
  const [w, b] = ["w", "b"].map((part) => model.parameters.get(`blocks.1.ln1.${part}`)!);
  using affine = scope(() => after.cache.get("blocks.1.ln1.hook_normalized").mul(w!).add(b!));
  expect(await difference(before.cache.get("blocks.1.ln1.hook_normalized"), affine)).toBeLessThan(
    1e-5,
  );
  using mean = scope(() => after.cache.get("blocks.1.hook_resid_post").mean(-1).abs().max());
  expect(await mean.item()).toBeLessThan(1e-5);
  using meanBefore = scope(() => before.cache.get("blocks.1.hook_resid_post").mean(-1).abs().max());
  expect(await meanBefore.item()).toBeGreaterThan(0.1);
  // z before is z now + the folded value's bias, the same at every position.
  using constant = scope(() =>
    before.cache.get("blocks.0.attn.hook_z").sub(after.cache.get("blocks.0.attn.hook_z")),
  );
  using spread = scope(() =>
    constant
      .sub(constant.get([null, [0, 1]]))
      .abs()
      .max(),
  );
  using size = scope(() => constant.abs().max());
  expect(await spread.item()).toBeLessThan(1e-5);
  expect(await size.item()).toBeGreaterThan(0.1);
});

test("attribution by logitDirections is the same on folded and unfolded weights", async () => {
  using model = await scrambled({});
  using processed = await model.process(["foldLayerNorm"]);
  const [a, b] = [model, processed].map((one) => one.logitDirections([[0, 1], 2]));
  expect(await difference(a!.directions, b!.directions)).toBeLessThan(1e-5);
  expect(await difference(a!.bias, b!.bias)).toBeLessThan(1e-4);
  for (const { directions, bias } of [a!, b!]) [directions, bias].forEach((one) => one.dispose());
});

test("while loading, and from halves; saved and loaded again it is known as processed", async () => {
  const before = memory().buffers;
  {
    using model = await scrambled({});
    using processed = await loadViT(await model.save(), { process: true });
    expect(processed.processing).toEqual([
      "foldLayerNorm",
      "centerWritingWeights",
      "foldValueBiases",
    ]);
    using again = await loadViT(await processed.save());
    expect(again.processing).toEqual(processed.processing);
    expect(await again.weightHash()).toBe(await processed.weightHash());
    const halves = new Map(
      [...model.parameters].map(([name, one]) => [name, scope(() => one.cast("f16"))]),
    );
    using half = await loadViT({ config: { ...model.config }, weights: halves });
    using widened = await half.process(["foldValueBiases"]);
    expect(widened.parameters.get("blocks.0.attn.b_V")?.dtype).toBe("f32");
  }
  expect(memory().buffers).toBe(before);
});

async function errorOf(run: () => Promise<unknown>): Promise<PrismaError> {
  const error = await run().then(
    () => new Error("it was processed"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PrismaError) return error;
  throw error;
}

test.each<readonly [string, Partial<ViTConfigInput<2>>, true | readonly ProcessingName[], RegExp]>([
  [
    "no norms to fold",
    { normalizationType: null },
    true,
    /foldLayerNorm: this model has no layer norms/,
  ],
  [
    "no norms that read the stream",
    { normalizationType: null },
    ["centerWritingWeights"],
    /the stream's mean is read/,
  ],
  [
    "no head for the final norm",
    { returnType: "pre_logits" },
    ["foldLayerNorm"],
    /foldLayerNorm: the output is what ln_final gives/,
  ],
  [
    "no head to centre",
    { returnType: "pre_logits" },
    ["centerHead"],
    /centerHead: this model has no head/,
  ],
  ["an output of length 1", { normalizeOutput: true }, ["centerHead"], /scaled to length 1/],
  ["no step", {}, [], /the list of steps is empty/],
  [
    "an unknown step",
    {},
    ["foldEverything" as "centerHead"],
    /no "foldEverything"; there is foldLayerNorm/,
  ],
  ["a step that is no text", {}, [3 as never], /no the number 3/],
  ["no list", {}, "foldLayerNorm" as never, /a string was given/],
])("refused: %s", async (_, options, steps, message) => {
  using model = await scrambled(options);
  const before = memory();
  const error = await errorOf(() => model.process(steps));
  expect(error.code).toBe("ARGUMENT_INVALID");
  expect(error.message).toMatch(message);
  expect(memory()).toMatchObject({ buffers: before.buffers, tensors: before.tensors });
});

test("a step twice, or before one that was done", async () => {
  using model = await scrambled({});
  using folded = await model.process(["foldValueBiases"]);
  expect((await errorOf(() => folded.process(["foldValueBiases"]))).message).toMatch(/was done/);
  const { config, parameters, processing } = folded;
  expect(() => foldLayerNorm({ config, parameters, processing })).toThrow(
    /foldValueBiases was done to these weights before; the order is/,
  );
});
