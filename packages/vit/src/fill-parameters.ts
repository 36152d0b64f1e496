// From checkpoint tensors to parameters: every tensor used, every parameter filled, or a coded error and nothing kept.
import {
  formatShape,
  PrismaError,
  quoteName,
  sameShape,
  scope,
  shareViews,
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

function assertShape(name: string, tensor: Tensor | undefined, shape: readonly number[]): void {
  if (tensor === undefined) {
    throw new PrismaError(
      "CHECKPOINT_MISSING",
      `the checkpoint lacks ${quoteName(name)} of shape ${formatShape(shape)}`,
      { name, shape: [...shape] },
    );
  }
  const floats = tensor.dtype === "f32" || tensor.dtype === "f16";
  if (sameShape(tensor.shape, shape) && floats) return;
  const found = `${tensor.dtype}${formatShape(tensor.shape)}`;
  throw new PrismaError(
    "CHECKPOINT_SHAPE",
    `${quoteName(name)} of the checkpoint is ${found}; expected f32${formatShape(shape)}`,
    { name, found, expected: [...shape] },
  );
}

/** Checks names, shapes and types of all of `tensors` against what `sources` expect, before any value is read. */
function checkTensors(
  tensors: Tensors,
  sources: readonly WeightSource[],
  ignores: (name: string) => boolean,
): void {
  const expected = new Map(sources.flatMap(({ from }) => Object.entries(from)));
  for (const [name, shape] of expected) assertShape(name, tensors.get(name), shape);
  for (const name of tensors.keys()) {
    if (expected.has(name) || ignores(name)) continue;
    throw new PrismaError(
      "CHECKPOINT_UNEXPECTED",
      `the checkpoint has ${quoteName(name)}, which this architecture has no place for`,
      { name },
    );
  }
}

function first(tensor?: Tensor): Tensor {
  if (tensor !== undefined) return tensor;
  throw new PrismaError("INTERNAL", "a weight source of no tensor must say what it makes");
}

/** The parameters of one source, realized, as views of one buffer. */
async function fill(
  tensors: Tensors,
  source: WeightSource,
  signal?: AbortSignal,
): Promise<[string, Tensor][]> {
  const parts = Object.keys(source.from).flatMap((name) => tensors.get(name) ?? []);
  const buffer = scope(() => (source.make ?? first)(...parts));
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

/** Checkpoint tensors that nothing after source number `done` reads, so that what was made of them stands alone in memory. */
function usedUp(sources: readonly WeightSource[], done: number): ReadonlySet<string> {
  const names = (some: readonly WeightSource[]): string[] =>
    some.flatMap(({ from }) => Object.keys(from));
  const used = new Set(names(sources.slice(0, done)));
  names(sources.slice(done)).forEach((name) => used.delete(name));
  return used;
}

/** Lets go of `names`, but for tensors that are parameters themselves. */
function release(
  tensors: Tensors,
  names: Iterable<string>,
  parameters: ReadonlyMap<string, Tensor>,
): void {
  const kept = new Set(parameters.values());
  for (const name of names) {
    const tensor = tensors.get(name);
    if (tensor !== undefined && !kept.has(tensor)) tensor.dispose();
  }
}

/**
 * The parameters that `sources` make of `tensors`, each a view of a realized buffer. The caller owns them; `tensors` are let go of.
 * @throws PrismaError CHECKPOINT_MISSING, CHECKPOINT_SHAPE, CHECKPOINT_UNEXPECTED, CANCELLED, and what reading the values throws
 * @example
 * const parameters = await fillParameters(new Map([["a", zeros([2])]]), [same("a", "b", [2])]);
 * [...parameters.keys()]; // ["b"]
 */
export async function fillParameters(
  tensors: Tensors,
  sources: readonly WeightSource[],
  options: FillOptions & { readonly ignores?: (name: string) => boolean } = {},
): Promise<Map<string, Tensor>> {
  const { ignores = () => false } = options;
  const parameters = new Map<string, Tensor>();
  const bytesOf = (name: string): number => {
    const tensor = tensors.get(name);
    return tensor === undefined ? 0 : tensor.size * (tensor.dtype === "f16" ? 2 : 4);
  };
  const bytes = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + bytesOf(name), 0);
  try {
    checkTensors(tensors, sources, ignores);
    const total = bytes(usedUp(sources, sources.length));
    for (let from = 0; from < sources.length; from += AT_ONCE) {
      const done = Math.min(from + AT_ONCE, sources.length);
      await fillWave(tensors, sources.slice(from, done), parameters, options.signal);
      const used = usedUp(sources, done);
      release(tensors, used, parameters);
      options.onProgress?.({ loaded: bytes(used), total });
    }
    return parameters;
  } catch (error) {
    parameters.forEach((parameter) => parameter.dispose());
    throw error;
  } finally {
    release(tensors, tensors.keys(), parameters);
  }
}
