// What edits put in: means, zeros, and activations of other runs of the same weights.
import type { ActivationCache, CachedRun } from "@prisma/hooks";
import { PrismaError, quoteName, Tensor } from "@prisma/tensor";
import type { CheckedEdit } from "./edit-check.ts";
import type { EditableModel } from "./editable-model.ts";
import type { ReferenceSet } from "./reference-means.ts";

/** Activations of a run, and of which weights they are. */
export interface EditSource {
  /** The `weightHash` of the model that ran. */
  readonly weights: string;
  /** The activation at a hook; of as many images as are edited, or of one for all. It stays the source's. */
  get(name: string): Tensor;
}

/** Where edits take from what they put in. */
export interface EditSources {
  /** For edits of kind `mean` and `resample`. */
  readonly reference?: ReferenceSet;
  /** For edits of kind `from`, by name: a run's activations, or an input `[B, C, H, W]` to run the model on. */
  readonly from?: Readonly<Record<string, EditSource | Tensor>>;
}

/** What edits put in, worked out. Disposing it frees the runs that were made for it. */
export interface EditValues<Name extends string> extends Disposable {
  of(edit: CheckedEdit<Name>): Tensor | number;
  dispose(): void;
}

/**
 * Activations that `model` left in `cache`, as a source of edits. The cache stays the caller's.
 * @example
 * using run = await model.runWithCache(images, { names: "blocks.*.attn.hook_z" });
 * const source = await editSource(model, run.cache);
 * source.get("blocks.0.attn.hook_z").shape; // [1, 33, 4, 24]
 */
export async function editSource<Name extends string>(
  model: EditableModel<Name>,
  cache: ActivationCache<Name>,
): Promise<EditSource> {
  // A name that the cache lacks is refused by the cache.
  return { weights: await model.weightHash(), get: (name) => cache.get(name as Name) };
}

function invalid(edit: CheckedEdit, problem: string, details = {}): PrismaError {
  return new PrismaError("ARGUMENT_INVALID", `edit of ${edit.name}: ${problem}`, details);
}

function referenceFor(edit: CheckedEdit, { reference }: EditSources): ReferenceSet {
  if (reference !== undefined) return reference;
  throw invalid(edit, `${edit.kind} needs a reference set; make one with referenceMeans`);
}

function sourceFor(edit: CheckedEdit, { from = {} }: EditSources): EditSource | Tensor {
  const name = String(edit.source);
  const source = Object.hasOwn(from, name) ? from[name] : undefined;
  if (source !== undefined) return source;
  throw invalid(edit, `there is no source ${quoteName(name)}`, { sources: Object.keys(from) });
}

/** @throws PrismaError WEIGHTS_MISMATCH, ARGUMENT_INVALID for an edit that lacks its source */
function assertSource(edit: CheckedEdit, sources: EditSources, weights: string): void {
  if (edit.kind === "zero" || edit.kind === "knockout") return;
  const source = edit.kind === "from" ? sourceFor(edit, sources) : referenceFor(edit, sources);
  if (source instanceof Tensor || source.weights === weights) return;
  const [found, expected] = [source.weights, weights].map((hash) => hash.slice(0, 12));
  throw new PrismaError(
    "WEIGHTS_MISMATCH",
    `edit of ${edit.name}: what it puts in is of weights ${found}, the model's are ${expected}`,
    { found: source.weights, expected: weights },
  );
}

/** Edits that take from the same run, which has yet to be made, share a key. */
function runKey(edit: CheckedEdit, sources: EditSources): string | null {
  const toRun =
    edit.kind === "resample" ||
    (edit.kind === "from" && sourceFor(edit, sources) instanceof Tensor);
  return toRun ? `${edit.kind} ${edit.source}` : null;
}

async function runFor<Name extends string>(
  model: EditableModel<Name>,
  edit: CheckedEdit<Name>,
  { sources, names }: { sources: EditSources; names: readonly Name[] },
): Promise<CachedRun<Name>> {
  if (edit.kind === "resample") {
    using image = referenceFor(edit, sources).image(Number(edit.source));
    return await model.runWithCache(image, { names });
  }
  const input = sourceFor(edit, sources);
  if (input instanceof Tensor) return await model.runWithCache(input, { names });
  throw new PrismaError("INTERNAL", `edit of ${edit.name}: its source needs no run`);
}

function valueOf(edit: CheckedEdit, sources: EditSources): Tensor | number {
  if (edit.kind === "zero") return 0;
  if (edit.kind === "knockout") return -Infinity;
  if (edit.kind === "mean") return referenceFor(edit, sources).mean(edit.name);
  const source = sourceFor(edit, sources);
  if (!(source instanceof Tensor)) return source.get(edit.name);
  throw new PrismaError("INTERNAL", `edit of ${edit.name}: its source was not run`);
}

/**
 * What `edits` put in, running the model where that has to be computed.
 * @throws PrismaError WEIGHTS_MISMATCH; ARGUMENT_INVALID for an edit that lacks its source; HOOK_UNKNOWN for an activation
 *   that a source lacks; INDEX_OUT_OF_RANGE for an image that the reference set lacks
 */
export async function editValues<Name extends string>(
  model: EditableModel<Name>,
  edits: readonly CheckedEdit<Name>[],
  sources: EditSources,
): Promise<EditValues<Name>> {
  const weights = await model.weightHash();
  edits.forEach((edit) => assertSource(edit, sources, weights));
  const runs = new Map<string, CachedRun<Name>>();
  const dispose = (): void => runs.forEach((run) => run.dispose());
  const of = (edit: CheckedEdit<Name>): Tensor | number => {
    const run = runs.get(runKey(edit, sources) ?? "");
    return run === undefined ? valueOf(edit, sources) : run.cache.get(edit.name);
  };
  try {
    for (const edit of edits) {
      const key = runKey(edit, sources);
      if (key === null || runs.has(key)) continue;
      const names = edits.filter((it) => runKey(it, sources) === key).map(({ name }) => name);
      runs.set(key, await runFor(model, edit, { sources, names }));
    }
    // What a source lacks is said now, not when the graph is built.
    edits.forEach(of);
  } catch (error) {
    dispose();
    throw error;
  }
  return { of, dispose, [Symbol.dispose]: dispose };
}
