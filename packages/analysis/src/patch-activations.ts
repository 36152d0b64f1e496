// Activation patching: put one run's activations into another, place by place, and see what follows (Heimersheim and Nanda 2024, arXiv 2404.15255).
import type { BlockHook } from "@prisma/hooks";
import { formatShape, PrismaError, sameShape, type Tensor } from "@prisma/tensor";
import { countImages } from "./count-images.ts";
import { editGrid, type EditGrid, type GridAxis } from "./edit-grid.ts";
import { editSource } from "./edit-sources.ts";
import { sweepEdits, type SweepResult } from "./edit-sweep.ts";
import type { EditableModel } from "./editable-model.ts";
import { imageAxis, imageNumbers } from "./image-values.ts";
import { applyMetric, metricNumbers, metricOf, type Metric, type MetricOptions } from "./metric.ts";
import {
  logitScales,
  metricScales,
  normalizedEffects,
  type PatchEnds,
} from "./normalized-effects.ts";
import {
  modelProvenance,
  throwIfCancelled,
  type AnalysisOptions,
  type LabelledValues,
  type Provenance,
} from "./result.ts";

/** Two inputs of one shape `[B, C, H, W]`: as it is, and with something changed. */
export interface PatchInputs {
  readonly clean: Tensor;
  readonly corrupted: Tensor;
}

/** Which activation is patched: heads' outputs, attention patterns, the residual stream, what attention or an MLP writes. */
export type PatchWhat = "z" | "pattern" | "resid_pre" | "attn_out" | "mlp_out";

/** What {@link patchActivations} is told; a target, or a metric. */
export interface PatchActivationsOptions extends AnalysisOptions, MetricOptions {
  readonly what: PatchWhat;
  /** Places patched one at a time within each layer. Only `z` and `pattern` have heads; the positions of a pattern are its queries. */
  readonly by: "head" | "position" | "head-position";
  /** The run that is patched; the other is where activations come from. */
  readonly into: "corrupted" | "clean";
}

/** What {@link patchActivations} gives. */
export interface ActivationPatching extends Provenance {
  readonly into: "corrupted" | "clean";
  /** Metric of the unpatched runs, [image] each. */
  readonly baselines: { readonly clean: LabelledValues; readonly corrupted: LabelledValues };
  /** Metric of the patched run: [image, layer, head], [image, layer, position] or [image, layer, head, position]. */
  readonly values: LabelledValues;
  /**
   * How far each patch moves the metric from the run it goes into (0) to the run it comes from (1), over the axes of
   * `values`. Where the two differ by less than a thousandth of the metric's scale there is nothing to move over: NaN for
   * such an image, and null when no image is left. `overImages` leaves such images out.
   */
  readonly normalized: LabelledValues | null;
}

const HOOKS: Readonly<Record<PatchWhat, BlockHook>> = {
  z: "attn.hook_z",
  pattern: "attn.hook_pattern",
  resid_pre: "hook_resid_pre",
  attn_out: "hook_attn_out",
  mlp_out: "hook_mlp_out",
};

const AXES: Readonly<Record<PatchActivationsOptions["by"], readonly GridAxis[]>> = {
  head: ["head"],
  position: ["position"],
  "head-position": ["head", "position"],
};

function invalid(problem: string, details = {}): PrismaError {
  return new PrismaError("ARGUMENT_INVALID", `patchActivations: ${problem}`, details);
}

/** How many pairs of images there are. */
function checkInputs({ clean, corrupted }: PatchInputs): number {
  const [images] = [clean, corrupted].map((input) => countImages(input, "patchActivations"));
  if (images !== undefined && sameShape(clean.shape, corrupted.shape)) return images;
  throw new PrismaError(
    "SHAPE_MISMATCH",
    `patchActivations: clean is ${formatShape(clean.shape)} and corrupted ${formatShape(corrupted.shape)}; patching goes from image to image of one batch size`,
    { clean: [...clean.shape], corrupted: [...corrupted.shape] },
  );
}

function gridOf<Name extends string>(
  model: EditableModel<Name>,
  { what, by, into }: PatchActivationsOptions,
): EditGrid {
  const isKnown = Object.hasOwn(HOOKS, what) && Object.hasOwn(AXES, by);
  if (!isKnown) throw invalid(`there is no patching of ${String(what)} by ${String(by)}`);
  if (into !== "corrupted" && into !== "clean")
    throw invalid('say which run is patched: into: "corrupted" or into: "clean"');
  if (by !== "position" && what !== "z" && what !== "pattern")
    throw invalid(`${what} is of all heads together; patch it by position`);
  return editGrid(model, { hook: HOOKS[what], by: AXES[by] }, (part) => ({
    ...part,
    kind: "from",
    source: "other",
  }));
}

/** A patched run, and the one that its activations come from. */
interface Patched {
  readonly sweep: SweepResult;
  /** Output of the other run, [B, C]. */
  readonly logits: Float32Array;
  /** Metric of the other run, [B]. */
  readonly values: Float32Array;
}

/** Patches `input` with the activations of `other` at every place of `grid`. */
async function runPatches<Name extends string>(
  model: EditableModel<Name>,
  { input, other, grid, metric }: { input: Tensor; other: Tensor; grid: EditGrid; metric: Metric },
  options: AnalysisOptions,
): Promise<Patched> {
  // The grid was made of this model's names.
  const names = [...new Set(grid.cells.flat().map(({ name }) => name as Name))];
  using run = await model.runWithCache(other, { names });
  using values = applyMetric(metric, run.output);
  const found = {
    logits: Float32Array.from(await run.output.data()),
    values: await metricNumbers(metric, values),
  };
  const sources = { from: { other: await editSource(model, run.cache) } };
  const sweep = { model, input, cells: grid.cells, sources, metric, doing: "patchActivations" };
  return { ...found, sweep: await sweepEdits(sweep, options) };
}

/** The patched run as 0, the run that activations come from as 1. */
function endsOf({ sweep, logits, values }: Patched, isTarget: boolean): PatchEnds {
  const ends = { from: sweep.before, to: values };
  const scales = isTarget ? logitScales([sweep.logits, logits], values.length) : metricScales(ends);
  return { ...ends, scales };
}

/**
 * Patches one run of `model` with the activations of another, one place at a time. Put into the corrupted run, it shows
 * what is enough to bring the clean answer back; into the clean run, what is needed for it. Metric: the logit difference
 * of `target` unless another is given. Each image by itself; `overImages` takes means.
 * @throws PrismaError SHAPE_MISMATCH for inputs of different shapes; ARGUMENT_INVALID for no such class, a metric that is no
 *   number, no direction, heads of what has none; HOOK_UNKNOWN where the model has no such activation; CANCELLED when aborted
 *   before the first patch
 * @example
 * const { images: [seen] } = await model.preprocess("models/garment-scenes-vit/scenes/000.png", { details: true });
 * const erased = eraseRegion(seen!.picture, { left: 0, top: 0, width: 28, height: 28 }, { fill: 0 });
 * const inputs = { clean: images, corrupted: await model.preprocess(erased) };
 * const found = await patchActivations(model, inputs, { what: "z", by: "head", into: "corrupted", target: ["Dress", "Trouser"] });
 * found.values.axes.map(({ name, labels }) => [name, labels.length]); // [["image", 1], ["layer", 4], ["head", 4]]
 * found.baselines.clean.values[0]! > found.baselines.corrupted.values[0]!; // true
 */
export async function patchActivations<Name extends string>(
  model: EditableModel<Name>,
  inputs: PatchInputs,
  options: PatchActivationsOptions,
): Promise<ActivationPatching> {
  const { what, by, into } = options;
  const metric = metricOf(model, options, checkInputs(inputs));
  const grid = gridOf(model, options);
  throwIfCancelled(options.signal, "patchActivations");
  const source = into === "clean" ? "corrupted" : "clean";
  const runs = { input: inputs[into], other: inputs[source], grid, metric };
  const patched = await runPatches(model, runs, options);
  const { sweep } = patched;
  const batch = sweep.before.length;
  const values = { axes: [imageAxis(batch), ...grid.axes], values: sweep.after };
  const [own, other] = [imageNumbers(sweep.before, batch), imageNumbers(patched.values, batch)];
  return {
    into,
    baselines:
      into === "clean" ? { clean: own, corrupted: other } : { clean: other, corrupted: own },
    values,
    normalized: normalizedEffects(values, endsOf(patched, options.metric === undefined)),
    method: `activation patching of ${what} by ${by}, from the ${source} run into the ${into} run`,
    metric: metric.name,
    baseline: `the ${into} run is 0, the ${source} run is 1`,
    complete: sweep.complete,
    ...(await modelProvenance(model)),
  };
}
