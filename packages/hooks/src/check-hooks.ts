// Liveness: what is done at a hook point reaches the output, a gradient reaches the point, and what should not matter does not.
import { randn, realize, scope, where, type Tensor } from "@prisma/tensor";
import type { CheckedModel } from "./checked-model.ts";
import type { HookSpec } from "./run-options.ts";

/** One hook point: whether it is where the model computes. */
export interface HookLiveness<Name extends string = string> {
  readonly name: Name;
  /** Noise here moves the output, and a gradient of the output arrives here. */
  readonly live: boolean;
  /** Largest change of the output under noise as large as the activation. */
  readonly effect: number;
  /** Largest slope of a random projection of the output. */
  readonly gradient: number;
}

/** What {@link checkHooks} found. */
export interface HooksCheck<Name extends string = string> {
  /** A row a hook point, in firing order. */
  readonly rows: readonly HookLiveness<Name>[];
  /** Points that are not live, those that never fired among them. */
  readonly dead: readonly Name[];
  /** Largest change of the output of an image when only others of its batch are edited: 0 to the bit on WASM. */
  readonly betweenImages: number;
  /** Largest change of the output under noise on the last block's patches, where the head reads none; null where it does. */
  readonly unreadPatches: number | null;
  /** Nothing is dead, and nothing moves that should not: exactly on WASM, to 1e-6 of the output on WebGPU. */
  readonly passed: boolean;
}

/** What {@link checkHooks} may be told. */
export interface CheckHooksOptions {
  /** Of the noise (default 0). */
  readonly seed?: number;
}

/** Edits that share a run, each on an image of its own: what a check may keep alive at once. */
const EDITS_PER_RUN = 32;
/** Least size of noise: an activation that is zero all over is edited too. */
const LEAST_NOISE = 1e-3;
/** What arithmetic of other kernels may change on WebGPU, in parts of the output's largest magnitude. */
const WEBGPU_SLACK = 1e-6;

/** `activation` with noise of its own size on one image of its batch. */
function disturb(activation: Tensor, image: number, seed: number): Tensor {
  const own = activation.get([image]);
  const size = where(own.isFinite(), own, 0).square().mean().sqrt().maximum(LEAST_NOISE);
  const noise = randn(own.shape, { seed }).mul(size).cast(own.dtype);
  return activation.set([image], own.add(noise));
}

const repeated = (input: Tensor, count: number): Tensor =>
  input.get([[0, 1]]).expand([count, ...input.shape.slice(1)]);

/** Largest magnitude for each image of a batch. `[B, ..] -> [B]` */
const largestOfEach = (x: Tensor): Tensor => {
  const [images = 1] = x.shape;
  return x
    .abs()
    .reshape([images, x.size / images])
    .max(1);
};

interface Effects {
  /** For each edited name, in order. */
  readonly effects: readonly number[];
  readonly betweenImages: number;
  readonly largest: number;
}

/** Edits image i + 1 of a batch of copies at the i-th name, all in one run; image 0 stays as it is. */
async function effectsOf<Name extends string>(
  model: CheckedModel<Name>,
  input: Tensor,
  { names, seed }: { readonly names: readonly Name[]; readonly seed: number },
): Promise<Effects> {
  const [changes, outputs] = scope(() => {
    const batch = repeated(input, names.length + 1);
    const edit = (name: Name, i: number): HookSpec<Name> => [
      name,
      (activation) => disturb(activation, i + 1, seed + i),
    ];
    // The same points are hooked, so that both take the same path through what is computed only when hooked.
    const leave = (name: Name): HookSpec<Name> => [name, (activation) => activation];
    const edited = model.runWithHooks(batch, { hooks: names.map(edit) });
    const plain = model.runWithHooks(batch, { hooks: names.map(leave) });
    return [largestOfEach(edited.sub(plain)), largestOfEach(plain)] as const;
  });
  try {
    await realize(changes, outputs);
    const [betweenImages = 0, ...effects] = await changes.data();
    return { effects, betweenImages, largest: Math.max(...(await outputs.data())) };
  } finally {
    changes.dispose();
    outputs.dispose();
  }
}

/** Largest slope of a random projection of the output at each of `names`. */
async function slopesAt<Name extends string>(
  model: CheckedModel<Name>,
  input: Tensor,
  { names, seed }: { readonly names: readonly Name[]; readonly seed: number },
): Promise<readonly number[]> {
  using image = input.get([[0, 1]]);
  using run = await model.runWithCache(image, {
    names,
    gradientOf: (output) => output.mul(randn(output.shape, { seed })).sum(),
  });
  const slopes = scope(() => names.map((name) => run.cache.grad(name).abs().max()));
  try {
    await realize(...slopes);
    return await Promise.all(slopes.map((slope) => slope.item()));
  } finally {
    slopes.forEach((slope) => slope.dispose());
  }
}

/** Change of the output under noise on the patches after the last block, where only other tokens are read; else null. */
async function unreadPatches<Name extends string>(
  model: CheckedModel<Name>,
  input: Tensor,
  seed: number,
): Promise<number | null> {
  const { readout, patches } = model.tokens;
  const last = model.hookNames.find(
    (name) => name === `blocks.${model.layers - 1}.hook_resid_post`,
  );
  const [first = 0] = patches;
  if ((readout !== "cls" && readout !== "distilled") || last === undefined) return null;
  const change = scope(() => {
    const noisy = (x: Tensor): Tensor => {
      const place = [null, [first, first + patches.length]] as const;
      return x.set(place, randn(x.get(place).shape, { seed }).cast(x.dtype));
    };
    const edited = model.runWithHooks(input, { hooks: [[last, noisy]] });
    return edited.sub(model.forward(input)).abs().max();
  });
  using largest = change;
  return largest.item();
}

/** Points whose edits may share a run. Costly ones take one another's place, so those of a kind go by themselves. */
function groupsOf<Name extends string>(model: CheckedModel<Name>): readonly (readonly Name[])[] {
  const groups = new Map<string, Name[]>();
  for (const { name, byDefault } of model.hooksTable()) {
    const kind = byDefault ? "" : name.replace(/^blocks\.\d+\./, "");
    groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  return [...groups.values()].flatMap((names) =>
    Array.from({ length: Math.ceil(names.length / EDITS_PER_RUN) }, (_, i) =>
      names.slice(i * EDITS_PER_RUN, (i + 1) * EDITS_PER_RUN),
    ),
  );
}

/**
 * Whether every hook point of `model` is causally live: seeded noise there, as large as the activation, moves the output
 * (a constant would hide in softmax and norms), and a gradient of the output arrives. And whether what should not matter
 * does not: other images of the batch, and patches that the head does not read. Only the first image of `input` is used;
 * hooks that are attached take part. A dead point is said, not thrown. `textTable(check.rows)` prints it.
 * @throws PrismaError as `runWithCache`
 * @example
 * const { passed, dead, rows } = await checkHooks(model, images);
 * passed; // true
 * dead; // []
 * rows[0]?.live; // true
 */
export async function checkHooks<Name extends string>(
  model: CheckedModel<Name>,
  input: Tensor,
  options: CheckHooksOptions = {},
): Promise<HooksCheck<Name>> {
  const { seed = 0 } = options;
  const found = new Map<Name, HookLiveness<Name>>();
  let [betweenImages, largest] = [0, 0];
  for (const names of groupsOf(model)) {
    const edits = await effectsOf(model, input, { names, seed });
    const slopes = await slopesAt(model, input, { names, seed });
    betweenImages = Math.max(betweenImages, edits.betweenImages);
    largest = Math.max(largest, edits.largest);
    names.forEach((name, i) => found.set(name, livenessOf(name, edits.effects[i], slopes[i])));
  }
  const unread = await unreadPatches(model, input, seed);
  const rows = model.hookNames.map((name) => found.get(name) ?? livenessOf(name, 0, 0));
  const dead = rows.filter((row) => !row.live).map((row) => row.name);
  const slack = input.device?.kind === "webgpu" ? WEBGPU_SLACK * largest : 0;
  const passed = dead.length === 0 && betweenImages <= slack && (unread ?? 0) <= slack;
  return { rows, dead, betweenImages, unreadPatches: unread, passed };
}

const livenessOf = <Name extends string>(
  name: Name,
  effect = 0,
  gradient = 0,
): HookLiveness<Name> => ({ name, live: effect > 0 && gradient > 0, effect, gradient });
