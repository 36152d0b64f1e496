// One tensor's record in the header of a safetensors file, checked field by field.
import { quoteName } from "../errors.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import type { FileCheck } from "./safetensors-limits.ts";
import { JsonNumber, type JsonValue } from "./strict-json.ts";

/** One tensor of a file. Bytes count from the end of the header. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A dimension is an index, and those have 32 bits on every device. */
const MAX_DIMENSION = 2 ** 32 - 1;
/** Digits of the largest 64-bit number; what is longer is no number of this format. */
const MAX_DIGITS = 20;
const FIELDS = ["dtype", "shape", "data_offsets"] as const;

/**
 * The record of the tensor `name`, its fields fit for one another; the rest of the file is not looked at.
 * @throws PrismaError ST_*
 */
export function checkEntry(check: FileCheck, name: string, record: JsonValue): SafetensorsEntry {
  const shown = `tensor ${quoteName(name)}`;
  checkName(check, name, shown);
  if (!(record instanceof Map))
    check.fail("ST_ENTRY_INVALID", `${shown} is not described by an object`);
  for (const field of FIELDS) {
    if (!record.has(field)) check.fail("ST_ENTRY_INVALID", `${shown} lacks ${field}`, { field });
  }
  const [dtype, bits] = checkDtype(check, shown, record.get("dtype"));
  const shape = checkShape(check, shown, record.get("shape"));
  const [begin, end] = checkOffsets(check, shown, record.get("data_offsets"));
  checkSize(check, shown, { shape, bits, found: end - begin });
  return { dtype, shape, begin, end };
}

function checkName(check: FileCheck, name: string, shown: string): void {
  // A name has at least as many bytes as characters; one of megabytes is not encoded to know more.
  const most = check.limits.nameBytes;
  const bytes = name.length > most ? name.length : new TextEncoder().encode(name).length;
  check.assertWithin("nameBytes", bytes, `${shown}: the name has ${bytes} bytes or more`);
}

function checkDtype(
  check: FileCheck,
  shown: string,
  value: JsonValue | undefined,
): [dtype: string, bits: number] {
  const bits = typeof value === "string" ? FILE_DTYPE_BITS[value] : undefined;
  if (typeof value === "string" && bits !== undefined) return [value, bits];
  const found = typeof value === "string" ? quoteName(value) : "that is no text";
  return check.fail(
    "ST_DTYPE_UNKNOWN",
    `${shown} has the element type ${found}, which safetensors does not know`,
  );
}

function checkShape(check: FileCheck, shown: string, value: JsonValue | undefined): number[] {
  if (!Array.isArray(value))
    return check.fail("ST_SHAPE_INVALID", `${shown}: the shape is not a list`);
  check.assertWithin("rank", value.length, `${shown} has rank ${value.length}`);
  return value.map((item) => checkDimension(check, shown, item));
}

function checkDimension(check: FileCheck, shown: string, item: JsonValue): number {
  if (!(item instanceof JsonNumber) || !item.wholeForm)
    return check.fail(
      "ST_SHAPE_INVALID",
      `${shown}: a size is not a whole number of at least 0, written without fraction or exponent`,
    );
  if (item.whole !== null) return item.whole;
  return check.fail(
    item.text.length > MAX_DIGITS ? "ST_SHAPE_INVALID" : "ST_SIZE_OVERFLOW",
    `${shown}: a size is above 2^53 - 1`,
  );
}

function checkOffsets(
  check: FileCheck,
  shown: string,
  value: JsonValue | undefined,
): [begin: number, end: number] {
  const ends =
    Array.isArray(value) && value.length === 2
      ? value.map((item) => (item instanceof JsonNumber ? item.whole : null))
      : [];
  const [begin, end] = ends;
  if (begin === null || begin === undefined || end === null || end === undefined || end < begin)
    return check.fail(
      "ST_OFFSETS_INVALID",
      `${shown}: data_offsets are not two rising whole numbers`,
    );
  return [begin, end];
}

/** What a record claims of its data: `found` is the length of its range in bytes. */
interface ClaimedSize {
  readonly shape: readonly number[];
  readonly bits: number;
  readonly found: number;
}

function checkSize(check: FileCheck, shown: string, { shape, bits, found }: ClaimedSize): void {
  // A zero makes the product 0 however large the others are; no factor is below 1 otherwise, so a product past 2^53 stays there.
  const elements = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(elements * bits))
    check.fail("ST_SIZE_OVERFLOW", `${shown}: the shape has more elements than can be counted`, {
      shape,
    });
  const large = shape.find((size) => size > MAX_DIMENSION);
  if (large !== undefined)
    check.fail("ST_LIMIT", `${shown} has a dimension of ${large}; the limit is ${MAX_DIMENSION}`, {
      limit: "dimension",
      found: large,
      allowed: MAX_DIMENSION,
    });
  if ((elements * bits) % 8 !== 0)
    check.fail("ST_DTYPE_UNSUPPORTED", `${shown} ends within a byte`);
  const expected = (elements * bits) / 8;
  if (expected !== found)
    check.fail(
      "ST_SIZE_MISMATCH",
      `${shown}: shape [${shape.join(",")}] needs ${expected} bytes, its range has ${found}`,
      { expected, found },
    );
}
