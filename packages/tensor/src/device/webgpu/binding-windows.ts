// Windows and parts: how a kernel whose buffers are larger than a binding is run by several launches that fit.
import { PrismaError } from "../../errors.ts";
import { evaluateAffine } from "../../graph/affine.ts";
import type { BufferId } from "../../graph/expr.ts";
import { accessesOf, outputAxes, type Access, type Window } from "./cut-kernel.ts";
import type { Kernel } from "../../schedule/kernel.ts";

/** What one launch may bind, in words of four bytes. */
export interface BindingLimits {
  /** Words of the largest binding. */
  readonly words: number;
  /** Bindings start at multiples of so many words. */
  readonly alignment: number;
  /** Bindings of one launch. */
  readonly count: number;
}

/** Words `first` to `first + words - 1` of a buffer, bound as `parts` bindings one after another. */
export interface BoundRange {
  readonly buffer: BufferId;
  readonly first: number;
  readonly words: number;
  readonly parts: number;
}

/** One launch: what it makes of the output, what it binds, and in which of these ranges each access finds its buffer. */
export interface WindowLaunch {
  readonly window: Window;
  readonly ranges: readonly BoundRange[];
  readonly rangeOf: readonly number[];
}

/** First and last word. */
type Span = readonly [first: number, last: number];

/** What an access touches, as far as that is a matter of numbers. */
interface Reach {
  readonly access: Access;
  /** Strides along the axes of the output. */
  readonly strides: readonly number[];
  /** Words that the first element of the output touches, counted from the form's offset. */
  readonly own: Span;
  readonly offset: number;
  /** Words of the buffer. */
  readonly words: number;
  /** Bindings that a launch may spend on it. */
  readonly parts: number;
}

/** Words of a part of a range: the largest binding that ends where another may start. */
export function wordsOfPart({ words, alignment }: BindingLimits): number {
  return Math.floor(words / alignment) * alignment;
}

function partsOf([first, last]: Span, limits: BindingLimits): number {
  const start = first - (first % limits.alignment);
  return Math.ceil((last + 1 - start) / wordsOfPart(limits));
}

/** The words that `reach` touches in `window`, or null where it touches none. */
function spanIn({ strides, own, offset, words }: Reach, { starts, sizes }: Window): Span | null {
  let [first, last] = [offset + own[0], offset + own[1]];
  strides.forEach((stride, axis) => {
    const start = stride * (starts[axis] ?? 0);
    const way = stride * ((sizes[axis] ?? 1) - 1);
    first += start + Math.min(0, way);
    last += start + Math.max(0, way);
  });
  // Guarded reads have forms that leave the buffer; no word is touched there.
  [first, last] = [Math.max(0, Math.floor(first)), Math.min(words - 1, Math.floor(last))];
  return first <= last ? [first, last] : null;
}

/** Splits `window` along `axis` into about `count` windows of one size. */
function split({ starts, sizes }: Window, axis: number, count: number): Window[] {
  const [start, size] = [starts[axis] ?? 0, sizes[axis] ?? 1];
  const step = Math.ceil(size / Math.min(size, count));
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => ({
    starts: starts.with(axis, start + i * step),
    sizes: sizes.with(axis, Math.min(step, size - i * step)),
  }));
}

/** The axis of `window` along which `reach` gets furthest, or null where it stays. */
function widestAxis({ strides }: Reach, { sizes }: Window): number | null {
  const ways = strides.map((stride, axis) => Math.abs(stride) * ((sizes[axis] ?? 1) - 1));
  const widest = Math.max(0, ...ways);
  return widest === 0 ? null : ways.indexOf(widest);
}

/** Plans the launches of one kernel. */
class WindowPlanner {
  readonly #reaches: readonly Reach[];

  /** @param spare bindings that a launch may spend on an access beside those that one element of the output needs */
  constructor(
    readonly kernel: Kernel,
    readonly slots: readonly number[],
    readonly wordsOf: (buffer: BufferId) => number,
    readonly limits: BindingLimits,
    readonly spare: number,
  ) {
    this.#reaches = accessesOf(kernel).map((access) => this.#reach(access));
  }

  launches(): WindowLaunch[] {
    const sizes = outputAxes(this.kernel);
    return this.#cut({ starts: sizes.map(() => 0), sizes }).map((window) => this.#bind(window));
  }

  #reach(access: Access): Reach {
    const strides = outputAxes(this.kernel).map(() => 0);
    let [first, last] = [Math.min(0, access.reach), Math.max(0, access.reach)];
    access.coordinates.forEach((coordinate, i) => {
      const stride = access.form.strides[i] ?? 0;
      if ("axis" in coordinate) strides[coordinate.axis] = stride;
      else if (stride < 0) first += stride * Math.max(0, coordinate.size - 1);
      else last += stride * Math.max(0, coordinate.size - 1);
    });
    return {
      access,
      strides,
      own: [first, last],
      offset: evaluateAffine(access.form.offset, this.slots),
      words: this.wordsOf(access.buffer),
      parts: this.#allowance(access, last - first + this.limits.alignment),
    };
  }

  /** Bindings for an access, one element of which touches up to `words` words. */
  #allowance(access: Access, words: number): number {
    const part = wordsOfPart(this.limits);
    return access.written || 2 * words <= part ? 1 : Math.ceil(words / part) + this.spare;
  }

  /** The windows into which `window` must be cut: along the axis that counts most in what exceeds its bindings most. */
  #cut(window: Window): Window[] {
    let worst: { readonly axis: number; readonly excess: number } | null = null;
    for (const reach of this.#reaches) {
      const span = spanIn(reach, window);
      const axis = widestAxis(reach, window);
      const excess = span === null ? 0 : partsOf(span, this.limits) / reach.parts;
      if (axis !== null && excess > (worst?.excess ?? 1)) worst = { axis, excess };
    }
    if (worst === null) return [window];
    return split(window, worst.axis, Math.ceil(worst.excess)).flatMap((one) => this.#cut(one));
  }

  /** Finds few ranges that hold what the accesses touch: those of one buffer are one where that takes no more bindings. */
  #bind(window: Window): WindowLaunch {
    const ranges: BoundRange[] = [];
    const rangeOf = new Array<number>(this.#reaches.length).fill(-1);
    const spans = this.#reaches.map((reach) => spanIn(reach, window));
    const order = [...spans.keys()].sort((a, b) => (spans[a]?.[0] ?? 0) - (spans[b]?.[0] ?? 0));
    for (const untouched of [false, true])
      for (const i of order) {
        const [reach, span] = [this.#reaches[i], spans[i]];
        if (reach === undefined || (span === null) !== untouched) continue;
        rangeOf[i] = this.#place(reach, span ?? null, ranges);
      }
    return { window, ranges, rangeOf };
  }

  /** The range for an access that touches `span`: one of `ranges`, which grows, or a further one. */
  #place({ access }: Reach, span: Span | null, ranges: BoundRange[]): number {
    const latest = ranges.findLastIndex(({ buffer }) => buffer === access.buffer);
    if (span === null && latest >= 0) return latest;
    const range = this.#range(access, span ?? [0, 0]);
    const joined = this.#join(ranges[latest], range);
    if (joined === null) return ranges.push(range) - 1;
    ranges[latest] = joined;
    return latest;
  }

  #range({ buffer, written }: Access, [first, last]: Span): BoundRange {
    const start = first - (first % this.limits.alignment);
    const parts = partsOf([first, last], this.limits);
    if (written && parts > 1) throw this.#rowTooLong(last + 1 - start);
    return { buffer, first: start, words: last + 1 - start, parts };
  }

  /** Both as one, `a` starting first, or null where that saves no binding. */
  #join(a: BoundRange | undefined, b: BoundRange): BoundRange | null {
    if (a === undefined) return null;
    const words = Math.max(a.first + a.words, b.first + b.words) - a.first;
    const parts = partsOf([a.first, a.first + words - 1], this.limits);
    return parts < a.parts + b.parts ? { ...a, words, parts } : null;
  }

  #rowTooLong(words: number): PrismaError {
    const [bytes, limit] = [4 * words, 4 * this.limits.words];
    const labels = this.kernel.labels;
    return new PrismaError(
      "SIZE_LIMIT",
      `WebGPU: ${labels.join(", ")} writes rows of ${bytes} bytes, counted from where a binding may start, and this adapter binds ${limit}; split the rows, or use init({ device: "wasm" })`,
      { bytes, limit, labels },
    );
  }
}

function tooManyBindings(kernel: Kernel, count: number, limits: BindingLimits): PrismaError {
  const { labels } = kernel;
  return new PrismaError(
    "SIZE_LIMIT",
    `WebGPU: ${labels.join(", ")} needs ${count} bindings of up to ${4 * limits.words} bytes for one row, and this adapter takes ${limits.count}; split the rows, or use init({ device: "wasm" })`,
    { bindings: count, limit: limits.count, labels },
  );
}

/**
 * The launches that make what `kernel` makes, in any order. Buffers are cut by windows of the output: what a window touches
 * of a buffer is bound. Where a single element reads more than a binding (a long row, the table of a gather), several
 * bindings take turns. Windows of single elements would be many where an element needs nearly a binding, so such accesses
 * may spend one binding more, if there are enough.
 *
 * @param wordsOf words of a buffer
 * @throws PrismaError SIZE_LIMIT where a written row is longer than a binding, or a row needs more bindings than there are
 */
export function windowLaunches(
  kernel: Kernel,
  slots: readonly number[],
  wordsOf: (buffer: BufferId) => number,
  limits: BindingLimits,
): WindowLaunch[] {
  let needed = 0;
  for (const spare of [1, 0]) {
    const launches = new WindowPlanner(kernel, slots, wordsOf, limits, spare).launches();
    const counts = launches.map(({ ranges }) => ranges.reduce((sum, one) => sum + one.parts, 0));
    needed = Math.max(...counts);
    if (needed <= limits.count) return launches;
  }
  throw tooManyBindings(kernel, needed, limits);
}
