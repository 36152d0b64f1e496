// The header of an npy file: checked whole, and against the size of the file, before a byte of data is believed.
import { PrismaError, quoteName, type ErrorCode } from "../errors.ts";
import { assertShape, sizeOf, type Shape } from "../shape.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { FILE_DTYPE_BITS, heldAs } from "./decode-dtype.ts";
import { guessFormat } from "./guess-format.ts";
import { NpySyntaxError, parseNpyLiteral, type NpyLiteral } from "./npy-literal.ts";

/** A checked header. */
export interface NpyHeader {
  /** The type of the elements, by its safetensors name. */
  readonly dtype: string;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  /** Bytes of the file at which data starts and ends. */
  readonly begin: number;
  readonly end: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
/** Magic, version, and the longer of the two length fields. */
const START_BYTES = 12;
/** A header is as long as its shape is deep, and shapes have eight axes at most. */
const MOST_HEADER_BYTES = 65_536;

/** NumPy's letter for a kind of number. */
const KINDS: Readonly<Record<string, string>> = { f: "F", i: "I", u: "U" };

class NpyCheck {
  constructor(readonly file: string) {}

  fail(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): never {
    throw new PrismaError(code, `${this.file}: ${message}`, { file: this.file, ...details });
  }

  /** Bytes before the header, and of the header itself. */
  lengths(start: Uint8Array, fileSize: number): { readonly before: number; readonly size: number } {
    if (MAGIC.some((byte, i) => start[i] !== byte)) this.#failFormat(start);
    const [major = 0, minor = 0] = start.subarray(MAGIC.length);
    if (fileSize >= 8 && (major < 1 || major > 3 || minor !== 0))
      this.fail("NPY_VERSION_UNSUPPORTED", `version ${major}.${minor}; 1.0, 2.0 and 3.0 are read`, {
        version: `${major}.${minor}`,
      });
    const before = major === 1 ? 10 : START_BYTES;
    if (fileSize < before)
      this.fail("NPY_HEADER_LENGTH", `the file has ${fileSize} bytes and no header`, { fileSize });
    const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    const size = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
    if (size > MOST_HEADER_BYTES)
      this.fail(
        "NPY_HEADER_TOO_LARGE",
        `the header claims ${size} bytes; none has more than ${MOST_HEADER_BYTES}`,
        { size },
      );
    if (before + size > fileSize)
      this.fail(
        "NPY_HEADER_LENGTH",
        `the header claims ${size} bytes, the file has ${fileSize - before} after the length`,
        { size, fileSize },
      );
    return { before, size };
  }

  #failFormat(start: Uint8Array): never {
    const guess = guessFormat(start.subarray(0, 8));
    const like = guess === null ? "" : `; it looks like ${guess}`;
    return this.fail("NPY_NOT_NPY", `this is no npy file${like}`, guess === null ? {} : { guess });
  }

  /** `bytes` read as Latin-1, so that positions are those of bytes; what is not ASCII has no place in it. */
  literal(bytes: Uint8Array): NpyLiteral {
    try {
      return parseNpyLiteral(String.fromCharCode(...bytes));
    } catch (error) {
      if (!(error instanceof NpySyntaxError)) throw error;
      return this.fail(
        "NPY_HEADER_INVALID",
        `the header is not NumPy's at its byte ${error.at}: ${error.expected} should be there`,
        { position: error.at },
      );
    }
  }

  /** The safetensors name of NumPy's type, and its byte order. */
  dtype(descr: string | null): { readonly dtype: string; readonly bigEndian: boolean } {
    const [, order, kind = "", bytes = ""] =
      /^([<>|])([a-zA-Z])([0-9]{1,2})$/.exec(descr ?? "") ?? [];
    const dtype = kind === "b" && bytes === "1" ? "BOOL" : `${KINDS[kind]}${8 * Number(bytes)}`;
    const held = (FILE_DTYPE_BITS[dtype] ?? 0) >= 8 && heldAs(dtype) !== null;
    if (!held || (order === "|" && bytes !== "1")) {
      const found = descr === null ? "records" : `type ${quoteName(descr)}`;
      this.fail(
        "NPY_DTYPE_UNSUPPORTED",
        `elements of ${found} cannot be held; convert the array with astype("<f4")`,
        { descr },
      );
    }
    return { dtype, bigEndian: order === ">" && bytes !== "1" };
  }

  header({ descr, fortranOrder, shape }: NpyLiteral, begin: number, fileSize: number): NpyHeader {
    const { dtype, bigEndian } = this.dtype(descr);
    assertShape(this.file, shape);
    const end = begin + (sizeOf(shape) * (FILE_DTYPE_BITS[dtype] ?? 0)) / 8;
    const sizes = { need: end - begin, have: fileSize - begin };
    if (end > fileSize)
      this.fail(
        "NPY_TRUNCATED",
        `the array needs ${sizes.need} bytes, the file has ${sizes.have}; get it again`,
        sizes,
      );
    if (end < fileSize)
      this.fail("NPY_TRAILING_BYTES", `the file has ${fileSize - end} bytes after the array`, {
        extra: fileSize - end,
      });
    return { dtype, bigEndian, fortranOrder, shape, begin, end };
  }
}

/**
 * Reads and checks the header of `source`; data is not read.
 * @throws PrismaError NPY_* naming what is wrong, SIZE_LIMIT, CANCELLED, and what the source throws
 */
export async function readNpyHeader(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<NpyHeader> {
  const check = new NpyCheck(source.name);
  if (options.signal?.aborted) check.fail("CANCELLED", "reading was cancelled");
  const fileSize = await source.size(options);
  const start = await source.read(0, Math.min(fileSize, START_BYTES), options);
  const { before, size } = check.lengths(start, fileSize);
  const text = await source.read(before, before + size, options);
  return check.header(check.literal(text), before + size, fileSize);
}
