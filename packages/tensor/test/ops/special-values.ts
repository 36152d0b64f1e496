// What special values are compared by: what WebGPU leaves to the hardware, zeros by sign, NaN and infinities by kind.
import { scope, type Tensor } from "@prisma/tensor";

/** A kind of device. */
export type Kind = "wasm" | "webgpu";

/** Smallest normal f32. */
export const TINY = 1.1754943508222875e-38;

/**
 * What WebGPU leaves to the hardware, and where: everything else must be as on WebAssembly, which is IEEE 754. (WGSL also
 * allows arithmetic to assume that there are no NaN and infinities; no adapter tested does so.)
 */
export const WEBGPU_DEVIATIONS = {
  /** A denormal operand or result may be taken for a zero, of either sign. */
  flushesDenormals: true,
  /** A zero may have the other sign. */
  ignoresZeroSigns: true,
  /** Operations that work on the bits alone, and keep denormals and signs all the same. */
  exact: ["where"],
} as const;

/** ULPs by which a function that is not exact may be off; see `accuracy.device.test.ts` for the bounds themselves. */
const CLOSE = 8;

/** Whether `found` is `want`, but for the sign of a zero where that is left to the hardware. */
export function matches(found: number, want: number, kind: Kind): boolean {
  return (
    Object.is(found, want) ||
    (kind === "webgpu" && WEBGPU_DEVIATIONS.ignoresZeroSigns && found === 0 && want === 0)
  );
}

/** A number as text, with the sign of a zero. */
export const show = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/** The values of what `build` builds. */
export async function readAll(build: () => Tensor): Promise<number[]> {
  using result = scope(build);
  return [...(await result.data())];
}

/** f32 numbers between `a` and `b`; 0 where they are alike, NaN and infinities by kind. */
function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const order = (x: number): number => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0]!;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Number.isFinite(a) && Number.isFinite(b) ? Math.abs(order(a) - order(b)) : Infinity;
}

/** Zeros exactly, everything else within {@link CLOSE}. */
export function isClose(found: number, want: number, kind: Kind): boolean {
  const rounded = Math.fround(want);
  return rounded === 0 ? matches(found, rounded, kind) : distance(found, rounded) <= CLOSE;
}
