// How far every activation and gradient of a golden set is from PyTorch's float64 on a device.
import { tensor, type Tensor } from "../../packages/tensor/src/index.ts";
import { loadViT } from "../../packages/vit/src/index.ts";
import {
  goldenFolder,
  readExpected,
  readJson,
  type Expected,
  type GoldenIndex,
} from "../../packages/vit/test/golden-set.ts";
import { repositoryFile } from "../../test/repository-file.ts";

/** The worst of several tensors. */
export interface WorstError {
  /** Largest error over the tensor's own largest magnitude. */
  readonly relative: number;
  /** Largest error over what tests allow: 1e-5 of the magnitude, or four times PyTorch float32's own error. */
  readonly ofAllowed: number;
}

/** What one golden set shows on one device. */
export interface SetErrors {
  readonly set: string;
  readonly hooks: number;
  readonly output: WorstError;
  readonly activations: WorstError;
  readonly gradients: WorstError;
}

/** Points that are computed only when named; naming them changes the shape of `ln1`'s. */
const COSTLY = /hook_attn_in|hook_[qkv]_input|hook_result/;
const NONE: WorstError = { relative: 0, ofAllowed: 0 };

/** Compares the golden set `set` on the current device. */
export async function goldenErrors(set: string): Promise<SetErrors> {
  const folder = goldenFolder(set);
  const index = await readJson<GoldenIndex>(new URL("golden.json", folder));
  const expected = {
    activation: await readExpected(folder, index.activations),
    gradient: await readExpected(folder, index.gradients),
  };
  using model = await loadViT(index.model === "." ? folder : repositoryFile(index.model));
  const images = expected.activation.get(index.input);
  if (images === undefined) throw new Error(`${set}: no input`);
  using input = tensor(images.values, { shape: images.shape });
  const [a, b] = index.classes;
  const found = { output: NONE, activations: NONE, gradients: NONE };
  for (const costly of [false, true]) {
    const hooks = index.hooks.filter(({ name }) => COSTLY.test(name) === costly);
    const names = new Set(hooks.map(({ name }) => name));
    if (names.size === 0) continue;
    using run = await model.runWithCache(input, {
      names: (name) => names.has(name),
      gradientOf: (output) =>
        output
          .get([null, a])
          .sub(output.get([null, b]))
          .sum(),
    });
    const output = expected.activation.get(index.output);
    found.output = worse(found.output, await errorOf(output, run.output));
    for (const hook of hooks) {
      const name = hook.name as "hook_embed";
      const [value, slope] = [run.cache.get(name), run.cache.grad(name)];
      const [wanted, gradient] = [hook.activation, hook.gradient];
      found.activations = worse(
        found.activations,
        await errorOf(expected.activation.get(wanted.tensor), value, wanted.repeat),
      );
      found.gradients = worse(
        found.gradients,
        await errorOf(expected.gradient.get(gradient.tensor), slope, gradient.repeat),
      );
    }
  }
  return { set, hooks: index.hooks.length, ...found };
}

function worse(a: WorstError, b: WorstError): WorstError {
  return {
    relative: Math.max(a.relative, b.relative),
    ofAllowed: Math.max(a.ofAllowed, b.ofAllowed),
  };
}

/** With `repeat` the expected values hold one copy of what `found` holds along that axis. */
async function errorOf(
  expected: Expected | undefined,
  found: Tensor,
  repeat?: number,
): Promise<WorstError> {
  if (expected === undefined) throw new Error("the golden set lacks a tensor it names");
  const values = await found.data();
  const row = expected.shape.at(-1) ?? 1;
  const copies = repeat === undefined ? 1 : (found.shape[repeat] ?? 1);
  let [worst, magnitude] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const want = expected.values[Math.floor(i / (row * copies)) * row + (i % row)] ?? Number.NaN;
    worst = Math.max(worst, Math.abs((values[i] ?? Number.NaN) - want));
    magnitude = Math.max(magnitude, Math.abs(want));
  }
  return {
    relative: magnitude === 0 ? worst : worst / magnitude,
    ofAllowed: worst / expected.tolerance,
  };
}
