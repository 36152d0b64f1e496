// Effects of patches between two runs: 0 is the run they go into, 1 the run they come from.
import type { LabelledValues } from "./result.ts";

/** Both runs of a patch, untouched, for each image. */
export interface PatchEnds {
  /** Metric of the run that is patched, `[B]`. */
  readonly from: Float32Array;
  /** Metric of the run that activations come from, `[B]`. */
  readonly to: Float32Array;
  /** What counts as large: `[B]`, in units of the metric. */
  readonly scales: readonly number[];
}

/** Least difference of the runs, in units of the metric's scale, that effects are divided by. */
const LEAST_DIFFERENCE = 1e-3;

/** Largest magnitude of `logits` about their mean. */
function spreadOf(logits: Float32Array): number {
  const mean = logits.reduce((sum: number, logit) => sum + logit, 0) / logits.length;
  return logits.reduce((most, logit) => Math.max(most, Math.abs(logit - mean)), 0);
}

/** For each image how far its logits spread about their mean, in whichever of `outputs` [B, C] they do so more. */
export function logitScales(outputs: readonly Float32Array[], batch: number): number[] {
  return Array.from({ length: batch }, (_, image) => {
    const rows = outputs.map((logits) => {
      const classes = logits.length / batch;
      return logits.subarray(image * classes, (image + 1) * classes);
    });
    return Math.max(...rows.map(spreadOf));
  });
}

/** For each image the larger magnitude of its metric in the two runs. */
export function metricScales({ from, to }: Pick<PatchEnds, "from" | "to">): number[] {
  return Array.from(from, (value, image) => Math.max(Math.abs(value), Math.abs(to[image] ?? 0)));
}

/**
 * `values` [image, ...] with `from` as 0 and `to` as 1. NaN for images whose two runs are within a thousandth of their
 * scale: there is nothing to move over. Null when that is every image.
 */
export function normalizedEffects(
  { axes, values }: LabelledValues,
  { from, to, scales }: PatchEnds,
): LabelledValues | null {
  const lengths = Array.from(from, (start, image) => {
    const length = (to[image] ?? Number.NaN) - start;
    const least = LEAST_DIFFERENCE * (scales[image] ?? Number.NaN);
    return length !== 0 && Math.abs(length) >= least ? length : Number.NaN;
  });
  if (lengths.every(Number.isNaN)) return null;
  const size = values.length / lengths.length;
  const normalized = values.map((value, i) => {
    const image = Math.floor(i / size);
    return (value - (from[image] ?? Number.NaN)) / (lengths[image] ?? Number.NaN);
  });
  return { axes, values: normalized };
}
