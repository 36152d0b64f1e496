// Reads the arguments of pickle instructions, little-endian and within bounds.
import type { TorchCheck } from "./torch-limits.ts";

/** Longest line of a `GLOBAL`; no Python name is longer. */
const LINE_BYTES = 1024;

/** A place in the bytes of a pickle. */
export class PickleCursor {
  #at = 0;
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly check: TorchCheck,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at;
  }

  /** @throws PrismaError PT_PICKLE_INVALID, always */
  fail(message: string): never {
    this.check.fail("PT_PICKLE_INVALID", `data.pkl, byte ${this.#at}: ${message}`, {
      position: this.#at,
    });
  }

  /** Steps over `count` bytes; the place where they start. */
  take(count: number): number {
    if (!(count <= this.bytes.length - this.#at))
      this.fail("the pickle ends within an instruction");
    this.#at += count;
    return this.#at - count;
  }

  u8(): number {
    return this.#view.getUint8(this.take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.take(4), true);
  }
  u64(): number {
    return Number(this.#view.getBigUint64(this.take(8), true));
  }
  /** Big-endian, as pickles have their floats. */
  f64(): number {
    return this.#view.getFloat64(this.take(8), false);
  }

  /** A signed number of `length` bytes; a bigint where a number cannot hold it. */
  long(length: number): number | bigint {
    if (length > 8) this.fail(`a whole number of ${length} bytes`);
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--)
      value = (value << 8n) | BigInt(this.#view.getUint8(start + i));
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** UTF-8 of `length` bytes. */
  text(length: number): string {
    this.check.assertWithin("textBytes", length, "bytes of a text in data.pkl");
    const start = this.take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        this.bytes.subarray(start, start + length),
      );
    } catch {
      return this.fail("a text that is not UTF-8");
    }
  }

  /** UTF-8 up to the end of the line. */
  line(): string {
    const end = this.bytes.subarray(this.#at, this.#at + LINE_BYTES).indexOf(0x0a);
    if (end < 0) this.fail("a name without an end");
    const line = this.text(end);
    this.take(1);
    return line;
  }
}
