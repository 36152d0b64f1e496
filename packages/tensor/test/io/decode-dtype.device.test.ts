// Element types of files: which of ours holds each, every value of the small ones, and what is refused.
import { init, PrismaError, readSafetensors, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { halfValue, PATTERNS } from "../half-values.ts";
import { file, record } from "./corpus/corpus-case.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

/** The only tensor of a file with `data` of the type `dtype`, `size` elements. */
async function open(dtype: string, size: number, data: ArrayBufferView<ArrayBuffer>) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const parts = { dtype: `"${dtype}"`, shape: `[${size}]`, offsets: `[0,${bytes.length}]` };
  const { tensors } = await readSafetensors(file(`{"w":${record(parts)}}`, bytes));
  return tensors.get("w")!;
}

async function errorOf(dtype: string, size: number, data: ArrayBufferView<ArrayBuffer>) {
  using tensor = await open(dtype, size, data);
  return tensor.data().then(
    () => Promise.reject(new Error("it was read")),
    (error: unknown) => {
      if (error instanceof PrismaError) return error;
      throw error;
    },
  );
}

test.each([
  ["F32", "f32", new Float32Array([1.5, -0, Infinity, 1e-45])],
  ["F64", "f32", new Float64Array([1.5, 0.1, -Infinity, 1e-300])],
  ["I8", "i32", new Int8Array([-128, 127, 0, -1])],
  ["I16", "i32", new Int16Array([-32768, 32767, 0, -1])],
  ["I32", "i32", new Int32Array([-2147483648, 2147483647, 0, -1])],
  ["I64", "i32", new BigInt64Array([-2147483648n, 2147483647n, 0n, -1n])],
  ["U8", "u32", new Uint8Array([255, 0, 1, 128])],
  ["U16", "u32", new Uint16Array([65535, 0, 1, 32768])],
  ["U32", "u32", new Uint32Array([4294967295, 0, 1, 2147483648])],
  ["BOOL", "bool", new Uint8Array([1, 0, 1, 1])],
])("%s is held as %s", async (dtype, held, values) => {
  using tensor = await open(dtype, 4, values);
  expect(tensor.dtype).toBe(held);
  const expected = Array.from(values as Iterable<number | bigint>, Number);
  const found = [...(await tensor.data())];
  expect(found).toEqual(held === "f32" ? expected.map(Math.fround) : expected);
});

test("every BF16 is the f32 whose upper half it is", async () => {
  using tensor = await open("BF16", PATTERNS.length, PATTERNS);
  const values = await tensor.data();
  const found = new Uint32Array(values.buffer, values.byteOffset, values.length);
  expect(found).toEqual(Uint32Array.from(PATTERNS, (bits) => (bits << 16) >>> 0));
});

test("every F16 is the f32 of its value", async () => {
  using tensor = await open("F16", PATTERNS.length, PATTERNS);
  const values = await tensor.data();
  const wrong = [...PATTERNS].filter((bits) => !Object.is(values[bits], halfValue(bits)));
  expect(wrong).toEqual([]);
  expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555].map((bits) => values[bits])).toEqual([
    1, -2, 65504, 5.960464477539063e-8, 0.333251953125,
  ]);
});

test.each([
  ["I64", new BigInt64Array([0n, 2147483648n]), "2147483648 (I64)"],
  ["I64", new BigInt64Array([0n, -2147483649n]), "-2147483649 (I64)"],
  ["F64", new Float64Array([0, 1e39]), "1e+39 (F64)"],
  ["BOOL", new Uint8Array([0, 2]), "2 (BOOL)"],
])("%s that does not fit is refused: %s", async (dtype, values, named) => {
  const error = await errorOf(dtype, 2, values);
  expect(error.code).toBe("ST_VALUE_RANGE");
  expect(error.details).toEqual({ value: named });
  expect(error.message).toContain('tensor "w"');
});

test.each(["U64", "C64", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F4"])(
  "%s opens, so that the rest of the file can be read, and is refused when it is",
  async (dtype) => {
    const bytes = new Uint8Array({ U64: 16, C64: 16, F4: 1 }[dtype] ?? 2);
    const error = await errorOf(dtype, 2, bytes);
    expect(error.code).toBe("ST_DTYPE_UNSUPPORTED");
    expect(error.details).toEqual({ dtype });
  },
);
