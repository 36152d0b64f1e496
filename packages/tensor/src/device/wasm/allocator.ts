// Addresses in the device's memory: plain bookkeeping of one growing line of bytes, best fit with coalescing.
import { PrismaError } from "../../errors.ts";
import type { DeviceBuffer } from "../device.ts";
import type { BufferNumber } from "./commands.ts";

/** A range of the memory. */
export interface Range extends DeviceBuffer {
  readonly address: number;
  readonly number: BufferNumber;
  /** The device's epoch in which it was handed out. */
  readonly epoch: number;
}

/** Alignment of every range in bytes: a cache line, and more than a SIMD vector. */
const ALIGNMENT = 64;
/** Addresses of a 32-bit memory. */
const MAX_BYTES = 2 ** 32;

const roundUp = (bytes: number): number => Math.ceil(Math.max(bytes, 1) / ALIGNMENT) * ALIGNMENT;

/**
 * Hands out ranges of `[start, 4 GiB)`. Commands of a device run in order, so a released range may be handed out again
 * at once: whoever used it before was queued before.
 */
export class Allocator {
  /** Free ranges by address, never touching each other. */
  readonly #free = new Map<number, number>();
  /** The same by end, to find the neighbour before. */
  readonly #freeEnds = new Map<number, number>();
  #top: number;
  #live = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #number = 0;

  constructor(
    readonly start: number,
    readonly epoch: number,
  ) {
    this.#top = roundUp(start);
  }

  /** Ranges handed out. */
  get buffers(): number {
    return this.#live;
  }

  /** Bytes handed out. */
  get bytes(): number {
    return this.#liveBytes;
  }

  /** Most bytes ever handed out at once. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Bytes below the highest address used that are free now. */
  get freeBytes(): number {
    return [...this.#free.values()].reduce((sum, size) => sum + size, 0);
  }

  /** One past the highest address in use. */
  get top(): number {
    return this.#top;
  }

  /** Bytes that `ranges` take up. */
  sizeOf(ranges: readonly Range[]): number {
    return ranges.reduce((sum, { bytes }) => sum + roundUp(bytes), 0);
  }

  /** @throws PrismaError OUT_OF_MEMORY when the line of 4 GiB is full */
  allocate(bytes: number): Range {
    const size = roundUp(bytes);
    const address = this.#takeFree(size) ?? this.#extend(size, bytes);
    this.#live++;
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return { address, bytes, number: this.#number++, epoch: this.epoch };
  }

  #takeFree(size: number): number | null {
    let best: number | null = null;
    let bestSize = Infinity;
    for (const [address, free] of this.#free) {
      if (free >= size && free < bestSize) [best, bestSize] = [address, free];
    }
    if (best === null) return null;
    this.#removeFree(best, bestSize);
    if (bestSize > size) this.#addFree(best + size, bestSize - size);
    return best;
  }

  #extend(size: number, asked: number): number {
    const address = this.#top;
    if (address + size > MAX_BYTES) {
      throw new PrismaError(
        "OUT_OF_MEMORY",
        `WebAssembly: ${asked} bytes do not fit: ${this.#liveBytes} of at most ${MAX_BYTES} bytes are in use (peak ${this.#peakBytes}); dispose tensors or use a smaller batch`,
        { asked, inUse: this.#liveBytes, peak: this.#peakBytes, limit: MAX_BYTES },
      );
    }
    this.#top = address + size;
    return address;
  }

  /** Takes a range back; it is merged with free neighbours. */
  release(range: Range): void {
    const size = roundUp(range.bytes);
    this.#live--;
    this.#liveBytes -= size;
    let { address } = range;
    let end = address + size;
    const after = this.#free.get(end);
    if (after !== undefined) {
      this.#removeFree(end, after);
      end += after;
    }
    const before = this.#freeEnds.get(address);
    if (before !== undefined) {
      this.#removeFree(before, address - before);
      address = before;
    }
    if (end === this.#top) this.#top = address;
    else this.#addFree(address, end - address);
  }

  #addFree(address: number, size: number): void {
    this.#free.set(address, size);
    this.#freeEnds.set(address + size, address);
  }

  #removeFree(address: number, size: number): void {
    this.#free.delete(address);
    this.#freeEnds.delete(address + size);
  }
}
