// Parity receipts: how far every activation of this device is from float64.
import { formatShape, PrismaError, referenceValues, type Tensor } from "@prisma/tensor";
import type { CheckedModel } from "./checked-model.ts";
import type { NameFilters } from "./name-filter.ts";
import type { LayerRange } from "./run-options.ts";

/** One hook point: how far this device is from the reference there. */
export interface DeviceError<Name extends string = string> {
  readonly name: Name | "output";
  readonly shape: readonly number[];
  /** Largest magnitude of the reference. */
  readonly largest: number;
  /** Largest difference; infinite where one is a number and the other is not. */
  readonly error: number;
  /** `error` in parts of `largest`. */
  readonly relative: number;
}

/** What {@link compareDevices} found. */
export interface DeviceComparison<Name extends string = string> {
  readonly device: "wasm" | "webgpu";
  /** A row a hook in firing order, then the output. */
  readonly rows: readonly DeviceError<Name>[];
  /** The row of the largest relative error. */
  readonly worst: DeviceError<Name>;
}

/** What {@link compareDevices} may be told. */
export interface CompareDevicesOptions<Name extends string = string> extends LayerRange {
  /** Points to compare. Default: those that `runWithCache` keeps by default. */
  readonly names?: NameFilters<Name>;
}

function differenceOf(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Infinity : difference;
}

function rowOf<Name extends string>(
  [name, tensor]: readonly [Name | "output", Tensor],
  found: ArrayLike<number>,
  exact: Float64Array,
): DeviceError<Name> {
  if (found.length !== exact.length)
    throw new PrismaError("INTERNAL", `compareDevices: ${name} is ${formatShape(tensor.shape)}`);
  let [largest, error] = [0, 0];
  exact.forEach((value, i) => {
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, differenceOf(value, found[i] ?? Number.NaN));
  });
  // Where the reference is zero all over, any error at all is as large as can be.
  const relative = error === 0 ? 0 : error / largest;
  return { name, shape: tensor.shape, largest, error, relative };
}

/**
 * The largest error of every activation of `model` on its device, against the same graph evaluated on the host in float64,
 * one operation at a time. Errors pile up from layer to layer: the first row that stands out is where to look. The
 * reference is slow (some 10 million multiplications a second): for small models, or with
 * `stopAtLayer` and `startAtLayer` for a few blocks of a larger one.
 * `textTable(comparison.rows)` prints it.
 * @throws PrismaError as `runWithCache`
 * @example
 * const { device, rows, worst } = await compareDevices(model, images, { names: "blocks.0.*" });
 * device; // "wasm"
 * rows[0]?.name; // "blocks.0.hook_resid_pre"
 * worst.relative < 1e-5; // true
 */
export async function compareDevices<Name extends string>(
  model: CheckedModel<Name>,
  input: Tensor,
  options: CompareDevicesOptions<NoInfer<Name>> = {},
): Promise<DeviceComparison<Name>> {
  // Asked for before anything is realized: a realized activation would be its own reference.
  using lazy = model.trace(input, options);
  const entries = [...lazy.cache.entries(), ["output", lazy.output] as const];
  const exact = await referenceValues(entries.map(([, tensor]) => tensor));
  using run = await model.runWithCache(input, options);
  const found = [...run.cache.entries(), ["output", run.output] as const];
  const rows: DeviceError<Name>[] = [];
  for (const [i, entry] of found.entries())
    rows.push(rowOf<Name>(entry, await entry[1].data(), exact[i] ?? new Float64Array()));
  const worst = rows.reduce((a, b) => (b.relative > a.relative ? b : a));
  return { device: run.output.device?.kind ?? "wasm", rows, worst };
}
