// Sweeps: the metric under each of many edits, several at once in one batch, each run starting at the block it first touches.
import { PrismaError, scope, stack, type Tensor } from "@prisma/tensor";
import { countImages } from "./count-images.ts";
import type { Edit } from "./edit.ts";
import type { CheckedEdit } from "./edit-check.ts";
import { chunksOf, residualName, type Cell, type Chunk } from "./edit-chunks.ts";
import { checkedEditHooks, checkEdits } from "./edit-hooks.ts";
import { editValues, type EditSources, type EditValues } from "./edit-sources.ts";
import type { EditableModel } from "./editable-model.ts";
import { applyMetric, metricNumbers, type Metric } from "./metric.ts";
import { throwIfCancelled, type AnalysisOptions } from "./result.ts";

/** Edits to try one after another. */
export interface Sweep<Name extends string> {
  readonly model: EditableModel<Name>;
  /** `[B, C, H, W]` */
  readonly input: Tensor;
  /** Each a list of edits made together. */
  readonly cells: readonly (readonly Edit[])[];
  readonly sources: EditSources;
  readonly metric: Metric;
  /** What the caller calls this. */
  readonly doing: string;
}

/** What a sweep found. */
export interface SweepResult {
  /** Output without any edit, `[B, C]`. */
  readonly logits: Float32Array;
  /** Metric without any edit, `[B]`. */
  readonly before: Float32Array;
  /** Metric under each cell, `[B, cells]`; NaN where it was cancelled before. */
  readonly after: Float32Array;
  readonly complete: boolean;
}

/** `x` [B, ...], `times` after one another: [times * B, ...]. */
function repeated(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [batch = 0, ...rest] = x.shape;
  return x
    .unsqueeze(0)
    .expand([times, ...x.shape])
    .reshape([times * batch, ...rest]);
}

/** The edits of each cell, moved to that cell's own copy of the images. */
function spreadCells<Name extends string>(
  cells: readonly Cell<Name>[],
  batch: number,
): CheckedEdit<Name>[] {
  const all = Array.from({ length: batch }, (_, image) => image);
  return cells.flatMap((edits, cell) =>
    edits.map((edit) => ({
      ...edit,
      images: (edit.images ?? all).map((image) => cell * batch + image),
    })),
  );
}

/** Metric of each cell of a chunk, lazily: [cells, B]. `from`: input of the run, [B, ...]. */
function runChunk<Name extends string>(
  { model, metric }: Sweep<Name>,
  { cells, start }: Chunk<Name>,
  { values, from }: { values: EditValues<Name>; from: Tensor },
): Tensor {
  const [batch = 1] = from.shape;
  const of = (edit: CheckedEdit<Name>): Tensor | number => {
    const value = values.of(edit);
    const one = typeof value === "number" || value.shape[0] === 1;
    return one ? value : repeated(value, cells.length);
  };
  return scope(() => {
    const hooks = checkedEditHooks(spreadCells(cells, batch), { of });
    const input = repeated(from, cells.length);
    const logits = model.runWithHooks(
      input,
      start === null ? { hooks } : { hooks, startAtLayer: start },
    );
    const each = cells.map((_, cell) =>
      applyMetric(metric, logits.get([[cell * batch, (cell + 1) * batch]])),
    );
    return stack(each);
  });
}

/** The unedited run, and the residual stream wherever a chunk starts. */
interface Unedited extends Disposable {
  readonly logits: Tensor;
  /** Input of a run that starts before block `start`, or at the embeddings. */
  readonly from: (start: number | null) => Tensor;
}

async function runUnedited<Name extends string>(
  { model, input }: Sweep<Name>,
  chunks: readonly Chunk<Name>[],
): Promise<Unedited> {
  const starts = new Set(chunks.flatMap(({ start }) => start ?? []));
  const names = [...starts].map((start) => residualName(model, start));
  if (names.length === 0) {
    const logits = model.forward(input);
    return { logits, from: () => input, [Symbol.dispose]: () => logits.dispose() };
  }
  const { output, cache, dispose } = await model.runWithCache(input, { names });
  const from = (start: number | null): Tensor =>
    start === null ? input : cache.get(residualName(model, start));
  return { logits: output, from, [Symbol.dispose]: dispose };
}

/** Puts the numbers of a chunk, `[cells, B]`, where they belong in `after` `[B, cells]`. */
function spread(
  after: Float32Array,
  numbers: Float32Array,
  { first, width, batch }: { first: number; width: number; batch: number },
): void {
  numbers.forEach((value, i) => {
    after[(i % batch) * width + first + Math.floor(i / batch)] = value;
  });
}

/** Runs chunk after chunk into `after`; false when it was cancelled on the way. */
async function fill<Name extends string>(
  after: Float32Array,
  sweep: Sweep<Name>,
  run: {
    chunks: readonly Chunk<Name>[];
    values: EditValues<Name>;
    unedited: Unedited;
    options: AnalysisOptions;
  },
): Promise<boolean> {
  const { chunks, values, unedited, options } = run;
  const [batch = 0] = sweep.input.shape;
  const width = sweep.cells.length;
  try {
    for (const chunk of chunks) {
      throwIfCancelled(options.signal, sweep.doing);
      using edited = runChunk(sweep, chunk, { values, from: unedited.from(chunk.start) });
      const numbers = await metricNumbers(sweep.metric, edited, options);
      spread(after, numbers, { first: chunk.first, width, batch });
      options.onProgress?.({ done: chunk.first + chunk.cells.length, total: width });
    }
  } catch (error) {
    if (error instanceof PrismaError && error.code === "CANCELLED") return false;
    throw error;
  }
  return true;
}

/**
 * The metric without edits and under each cell's.
 * @throws PrismaError CANCELLED before the first cell; as `editHooks`; ARGUMENT_INVALID for no images and a metric that is no number
 */
export async function sweepEdits<Name extends string>(
  sweep: Sweep<Name>,
  options: AnalysisOptions,
): Promise<SweepResult> {
  const { model, input, metric, doing } = sweep;
  throwIfCancelled(options.signal, doing);
  const batch = countImages(input, doing);
  const cells = sweep.cells.map((edits) => checkEdits(model, edits));
  const chunks = chunksOf(model, cells, batch);
  using values = await editValues(model, cells.flat(), sweep.sources);
  using unedited = await runUnedited(sweep, chunks);
  using metricBefore = applyMetric(metric, unedited.logits);
  const before = await metricNumbers(metric, metricBefore, options);
  const logits = Float32Array.from(await unedited.logits.data());
  const after = new Float32Array(batch * cells.length).fill(Number.NaN);
  const complete = await fill(after, sweep, { chunks, values, unedited, options });
  return { logits, before, after, complete };
}
