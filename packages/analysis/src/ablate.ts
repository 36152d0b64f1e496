// Ablation: what a metric loses when a head, an MLP or any other part is cut out. A cut part is never given another run's value.
import type { BlockHook } from "@prisma/hooks";
import { kindOf, PrismaError, uniform, type Tensor } from "@prisma/tensor";
import { countImages } from "./count-images.ts";
import type { Edit } from "./edit.ts";
import { assertEdit } from "./edit-check.ts";
import { editGrid, type EditGrid, type GridAxis } from "./edit-grid.ts";
import { editLabel, replacementLabel } from "./edit-label.ts";
import { sweepEdits } from "./edit-sweep.ts";
import type { EditableModel } from "./editable-model.ts";
import { imageAxis, imageNumbers } from "./image-values.ts";
import { metricOf, type MetricOptions } from "./metric.ts";
import type { ReferenceSet } from "./reference-means.ts";
import {
  modelProvenance,
  type AnalysisOptions,
  type LabelledValues,
  type Provenance,
} from "./result.ts";

/** What a sweep cuts, one at a time. */
export type AblationSweep = "heads" | "mlps" | "attention";

/** What {@link ablate} may be told: a `sweep`, or `edits`; a target, or a metric. */
export interface AblateOptions extends AnalysisOptions, MetricOptions {
  /** Cuts each head (`attn.hook_z`), each MLP (`hook_mlp_out`), or each layer's attention (`hook_attn_out`). */
  readonly sweep?: AblationSweep;
  /** What a sweep puts in the place of what it cuts. Default `mean`. */
  readonly kind?: "mean" | "zero" | "resample";
  /** Draws the image of the reference set that a sweep of kind `resample` takes. Default 0. */
  readonly seed?: number;
  /**
   * Cuts to make one at a time, in place of a sweep; those in a list of their own are made together, as a knockout in all
   * layers is. A patch, kind `from`, is refused: that is `patchActivations`.
   */
  readonly edits?: readonly (Edit | readonly Edit[])[];
  /** For `mean` and `resample`. */
  readonly reference?: ReferenceSet;
}

/** What {@link ablate} gives. */
export interface Ablation extends Provenance {
  /** Metric after each cut minus before: [image, layer, head], [image, layer], or [image, edit]. */
  readonly effects: LabelledValues;
  /** Metric before any cut, [image]. */
  readonly before: LabelledValues;
  /** True when something is set to zero, which no picture does: read effects as of a broken model. */
  readonly offDistribution: boolean;
}

const SWEEPS: Readonly<Record<AblationSweep, { hook: BlockHook; by: readonly GridAxis[] }>> = {
  heads: { hook: "attn.hook_z", by: ["head"] },
  mlps: { hook: "hook_mlp_out", by: [] },
  attention: { hook: "hook_attn_out", by: [] },
};

function invalid(problem: string, details = {}): PrismaError {
  return new PrismaError("ARGUMENT_INVALID", `ablate: ${problem}`, details);
}

/** Place of the image that `seed` draws. */
async function drawImage(reference: ReferenceSet | undefined, seed: number): Promise<number> {
  using draw = uniform([1], { seed });
  return Math.floor((await draw.item()) * (reference?.count ?? 1));
}

async function gridOfSweep<Name extends string>(
  model: EditableModel<Name>,
  sweep: AblationSweep,
  { kind = "mean", seed = 0, reference }: AblateOptions,
): Promise<EditGrid> {
  if (!Object.hasOwn(SWEEPS, sweep))
    throw invalid(`there is no sweep ${JSON.stringify(sweep)}`, { sweeps: Object.keys(SWEEPS) });
  const source = kind === "resample" ? await drawImage(reference, seed) : 0;
  return editGrid(model, SWEEPS[sweep], (part) =>
    kind === "resample" ? { ...part, kind, source } : { ...part, kind },
  );
}

function isList(edit: Edit | readonly Edit[]): edit is readonly Edit[] {
  return Array.isArray(edit);
}

function gridOfEdits(edits: readonly (Edit | readonly Edit[])[]): EditGrid {
  if (!Array.isArray(edits)) throw invalid(`edits is ${kindOf(edits)}; expected a list`);
  const cells = edits.map((edit) => (isList(edit) ? edit : [edit]));
  cells.flat().forEach((edit) => assertEdit(edit, "ablate"));
  if (cells.length === 0 || cells.some(({ length }) => length === 0))
    throw invalid("the list of edits is empty");
  if (cells.flat().some(({ kind }) => kind === "from"))
    throw invalid("an edit of kind from is a patch, not an ablation; use patchActivations");
  const labels = cells.map((cell) => cell.map(editLabel).join("; "));
  return { axes: [{ name: "edit", labels }], cells };
}

async function gridOf<Name extends string>(
  model: EditableModel<Name>,
  options: AblateOptions,
): Promise<EditGrid> {
  const { sweep, edits, kind, seed } = options;
  if (sweep !== undefined && edits === undefined) return gridOfSweep(model, sweep, options);
  if (edits !== undefined && sweep === undefined && kind === undefined && seed === undefined)
    return gridOfEdits(edits);
  throw invalid("give a sweep (with its kind and seed), or edits, but not both");
}

/**
 * How much the metric of each image of `input` `[B, C, H, W]` changes when parts of `model` are cut, one at a time: after
 * minus before. Metric: the logit difference of `target` unless another is given. Put in the place of what is cut: its
 * mean over a reference set, position by position (Wang et al. 2022, arXiv 2211.00593), unless `kind` says otherwise.
 * `overImages` takes means.
 * @throws PrismaError ARGUMENT_INVALID for no such class, a metric that is no number, a patch, a missing reference set, or
 *   both `sweep` and `edits`; HOOK_UNKNOWN for a sweep that the model has no parts for, or a mean that the set lacks;
 *   WEIGHTS_MISMATCH; CANCELLED when aborted before the first cut
 * @example
 * using reference = await referenceMeans(model, images, { names: "blocks.*.attn.hook_z" });
 * const target = ["Dress", "Trouser"] as const;
 * const { effects } = await ablate(model, images, { sweep: "heads", reference, target });
 * effects.axes.map(({ name, labels }) => [name, labels.length]); // [["image", 1], ["layer", 4], ["head", 4]]
 */
export async function ablate<Name extends string>(
  model: EditableModel<Name>,
  input: Tensor,
  options: AblateOptions,
): Promise<Ablation> {
  const { reference } = options;
  const metric = metricOf(model, options, countImages(input, "ablate"));
  const { axes, cells } = await gridOf(model, options);
  const sources = reference === undefined ? {} : { reference };
  const edits = cells.flat();
  const sweep = { model, input, cells, sources, metric, doing: "ablate" };
  const { before, after, complete } = await sweepEdits(sweep, options);
  const effects = after.map(
    (value, i) => value - (before[Math.floor(i / cells.length)] ?? Number.NaN),
  );
  return {
    effects: { axes: [imageAxis(before.length), ...axes], values: effects },
    before: imageNumbers(before, before.length),
    offDistribution: edits.some(({ kind }) => kind === "zero"),
    method: `ablation of ${options.sweep ?? "listed edits"}`,
    metric: metric.name,
    baseline: [...new Set(edits.map((edit) => replacementLabel(edit, reference)))].join("; "),
    complete,
    ...(await modelProvenance(model)),
  };
}
