// From checkpoint tensors to parameters: every tensor used, every parameter filled, or a coded error and nothing kept.
import {
  formatShape,
  PrismaError,
  quoteName,
  sameShape,
  scope,
  shareViews,
  stack,
  zeros,
  type Tensor,
} from "@prisma/tensor";
import type { WeightSource } from "./families/family.ts";

/** How far loading is, in bytes of weights. */
export interface LoadProgress {
  readonly loaded: number;
  readonly total: number;
}

/** What {@link fillParameters} may be told. */
export interface FillOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

type Tensors = ReadonlyMap<string, Tensor>;

/** Checks names, shapes and types of all of `tensors` against what `sources` expect, before any value is read. */
function checkTensors(tensors: Tensors, sources: readonly WeightSource[]): void {
  const expected = new Map(
    sources.flatMap(({ from, shape }) => from.map((name) => [name, shape] as const)),
  );
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new PrismaError(
        "CHECKPOINT_MISSING",
        `the checkpoint lacks ${quoteName(name)} of shape ${formatShape(shape)}`,
        { name, shape: [...shape] },
      );
    }
    if (!sameShape(tensor.shape, shape) || tensor.dtype !== "f32") {
      const found = `${tensor.dtype}${formatShape(tensor.shape)}`;
      throw new PrismaError(
        "CHECKPOINT_SHAPE",
        `${quoteName(name)} of the checkpoint is ${found}; expected f32${formatShape(shape)}`,
        { name, found, expected: [...shape] },
      );
    }
  }
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    throw new PrismaError(
      "CHECKPOINT_UNEXPECTED",
      `the checkpoint has ${quoteName(name)}, which this architecture has no place for`,
      { name },
    );
  }
}

const bytesOf = (tensor: Tensor): number => tensor.size * 4;

/** The parameters of one source, realized, as views of one buffer. */
async function fill(
  tensors: Tensors,
  source: WeightSource,
  signal?: AbortSignal,
): Promise<[string, Tensor][]> {
  const parts = source.from.flatMap((name) => tensors.get(name) ?? []);
  const buffer = parts.length > 1 ? stack(parts) : (parts[0] ?? zeros(source.shape));
  const views: [string, Tensor][] = [];
  try {
    await buffer.realize(signal === undefined ? {} : { signal });
    for (const [name, view] of Object.entries(source.into))
      views.push([name, scope(() => view(buffer))]);
    await shareViews(...views.map(([, view]) => view));
    return views;
  } catch (error) {
    views.forEach(([, view]) => view.dispose());
    throw error;
  } finally {
    if (views.every(([, view]) => view !== buffer)) buffer.dispose();
  }
}

/** Tensors read at the same time: enough to hide a server's delay, few enough to bound memory. */
const AT_ONCE = 8;

/** Fills all of `wave` into `parameters`, waiting for the last even when one fails. */
async function fillWave(
  tensors: Tensors,
  wave: readonly WeightSource[],
  parameters: Map<string, Tensor>,
  signal?: AbortSignal,
): Promise<void> {
  const results = await Promise.allSettled(wave.map((source) => fill(tensors, source, signal)));
  for (const result of results) {
    if (result.status === "fulfilled") {
      result.value.forEach(([name, view]) => parameters.set(name, view));
    }
  }
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * The parameters that `sources` make of `tensors`, each a view of a realized buffer. The caller owns them; `tensors` are let go of.
 * @throws PrismaError CHECKPOINT_MISSING, CHECKPOINT_SHAPE, CHECKPOINT_UNEXPECTED, CANCELLED, and what reading the values throws
 */
export async function fillParameters(
  tensors: Tensors,
  sources: readonly WeightSource[],
  options: FillOptions = {},
): Promise<Map<string, Tensor>> {
  const parameters = new Map<string, Tensor>();
  try {
    checkTensors(tensors, sources);
    const total = [...tensors.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    for (let first = 0; first < sources.length; first += AT_ONCE) {
      const wave = sources.slice(first, first + AT_ONCE);
      await fillWave(tensors, wave, parameters, options.signal);
      const loaded = [...parameters.values()].reduce((sum, one) => sum + bytesOf(one), 0);
      options.onProgress?.({ loaded, total });
    }
    return parameters;
  } catch (error) {
    parameters.forEach((parameter) => parameter.dispose());
    throw error;
  } finally {
    const kept = new Set(parameters.values());
    tensors.forEach((tensor) => {
      if (!kept.has(tensor)) tensor.dispose();
    });
  }
}
