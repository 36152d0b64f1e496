// The allocator of the WebAssembly device against a model that remembers every line of the memory on its own.
import { expect, it } from "vitest";
import { Allocator, type Range } from "../../src/device/wasm/allocator.ts";
import { randomNumbers } from "../codegen/random-kernels.ts";

/** Bytes of a line: what addresses and sizes are multiples of. */
const LINE = 64;
const START = 640;

/** Which lines are taken. */
class Lines {
  readonly taken: boolean[] = new Array<boolean>(START / LINE).fill(true);

  /** First line of the smallest hole that holds `lines`, the end where there is none. */
  bestFit(lines: number): number {
    let [best, bestSize] = [this.end, Infinity];
    for (let first = 0; first < this.end; first += Math.max(1, this.holeAt(first))) {
      const size = this.holeAt(first);
      if (size >= lines && size < bestSize) [best, bestSize] = [first, size];
    }
    return best;
  }

  /** Free lines from `first` on, below the end. */
  holeAt(first: number): number {
    let size = 0;
    while (first + size < this.end && !this.taken[first + size]) size++;
    return size;
  }

  get end(): number {
    return this.taken.lastIndexOf(true) + 1;
  }

  set(first: number, lines: number, taken: boolean): void {
    for (let line = first; line < first + lines; line++) this.taken[line] = taken;
  }
}

const linesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / LINE));

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "hands out the smallest hole that is large enough, and joins holes, sequence %i",
  (seed) => {
    const next = randomNumbers(seed);
    const [allocator, lines, live] = [new Allocator(START, 0), new Lines(), new Set<Range>()];
    const sizes: (readonly [taken: number, best: number])[] = [];
    let peak = 0;
    for (let step = 0; step < 1500; step++) {
      if (live.size === 0 || (next() < 0.55 && live.size < 200)) {
        const bytes = Math.floor(next() * (next() < 0.1 ? 5000 : 400));
        const range = allocator.allocate(bytes);
        const first = range.address / LINE;
        const best = lines.bestFit(linesOf(bytes));
        // Among holes of the best size any will do.
        sizes.push([lines.holeAt(first), lines.holeAt(best)]);
        if (first !== lines.end && lines.holeAt(first) < linesOf(bytes))
          throw new Error(`${bytes} bytes at ${range.address} overlap a buffer`);
        lines.set(first, linesOf(bytes), true);
        live.add(range);
      } else {
        const range = [...live][Math.floor(next() * live.size)]!;
        allocator.release(range);
        lines.set(range.address / LINE, linesOf(range.bytes), false);
        live.delete(range);
      }
      const bytes = [...live].reduce((sum, range) => sum + LINE * linesOf(range.bytes), 0);
      peak = Math.max(peak, bytes);
      expect([allocator.buffers, allocator.bytes, allocator.peakBytes, allocator.top]).toEqual([
        live.size,
        bytes,
        peak,
        LINE * lines.end,
      ]);
      expect(allocator.freeBytes).toBe(allocator.top - START - bytes);
    }
    expect(sizes.map(([taken]) => taken)).toEqual(sizes.map(([, best]) => best));
    for (const range of live) allocator.release(range);
    expect([allocator.buffers, allocator.bytes, allocator.freeBytes, allocator.top]).toEqual([
      0,
      0,
      0,
      START,
    ]);
  },
);

it("never gives two buffers one number", () => {
  const allocator = new Allocator(0, 0);
  const numbers = Array.from({ length: 10 }, () => {
    const range = allocator.allocate(100);
    allocator.release(range);
    return range.number;
  });
  expect(new Set(numbers).size).toBe(10);
});

it("says how much is in use when 4 GiB are full, and goes on after something is released", () => {
  const allocator = new Allocator(64, 0);
  const half = allocator.allocate(2 ** 31);
  const rest = allocator.allocate(2 ** 31 - 128);
  expect(() => allocator.allocate(128)).toThrow(
    expect.objectContaining({
      code: "OUT_OF_MEMORY",
      retryable: true,
      details: { asked: 128, inUse: 2 ** 32 - 128, peak: 2 ** 32 - 128, limit: 2 ** 32 },
    }),
  );
  expect(allocator.allocate(64).address).toBe(2 ** 32 - 64);
  allocator.release(half);
  expect(allocator.allocate(128).address).toBe(64);
  allocator.release(rest);
});
