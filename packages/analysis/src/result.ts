// What every analysis gives: numbers with named axes, and a word on what they are.
import type { HookedModel } from "@prisma/hooks";
import { PrismaError } from "@prisma/tensor";

/** One axis of a result: what it counts, and a label for each place on it. */
export interface Axis {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Numbers over named axes. In results of analyses the first axis is `image`, also of one image; `overImages` takes means over it. */
export interface LabelledValues {
  readonly axes: readonly Axis[];
  /** Row-major over `axes`; NaN where there is no value yet. */
  readonly values: Float32Array;
}

/** How a result came about. */
export interface Provenance {
  /** Name of the analysis and of what it was told that changes its meaning. */
  readonly method: string;
  /** What was measured, in words: `logit of Dress minus logit of Bag`. */
  readonly metric: string;
  /** What it was compared with, in words; null where there is nothing to compare with. */
  readonly baseline: string | null;
  /** The model's `weightHash`. */
  readonly weights: string;
  /** What was done to the weights after loading. */
  readonly processing: readonly string[];
  /** False when the analysis was cancelled half-way: places it did not reach are NaN. */
  readonly complete: boolean;
}

/** What every analysis may be told. */
export interface AnalysisOptions {
  /** Cancels: what was computed so far is returned, marked as not complete. */
  readonly signal?: AbortSignal;
  /** Called after each step of long work. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** The part of a result's provenance that is the model's. */
export async function modelProvenance(
  model: Pick<HookedModel, "weightHash" | "processing">,
): Promise<Pick<Provenance, "weights" | "processing">> {
  return { weights: await model.weightHash(), processing: model.processing };
}

/** @throws PrismaError CANCELLED when `signal` has been aborted */
export function throwIfCancelled(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted === true)
    throw new PrismaError("CANCELLED", `${doing}: cancelled`, {}, { cause: signal.reason });
}
