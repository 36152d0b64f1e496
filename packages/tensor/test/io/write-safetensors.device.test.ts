// Files that are written: what is in them, that it comes back as it was, and what cannot be written.
import {
  init,
  PrismaError,
  readSafetensors,
  tensor,
  writeSafetensors,
  type Device,
  type Tensor,
} from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeSafetensors } from "../../src/io/encode-safetensors.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

interface Header {
  readonly [name: string]: { readonly dtype: string; readonly data_offsets: [number, number] };
}

/** The header as any JSON parser sees it, and the byte at which data starts. */
function headerOf(file: Uint8Array): { readonly header: Header; readonly dataStart: number } {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const text = new TextDecoder().decode(file.subarray(8, 8 + length));
  return { header: JSON.parse(text) as Header, dataStart: 8 + length };
}

async function write(entries: Record<string, Tensor>, metadata?: ReadonlyMap<string, string>) {
  const file = await writeSafetensors(new Map(Object.entries(entries)), metadata);
  Object.values(entries).forEach((entry) => entry.dispose());
  return file;
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PrismaError) return error.code;
    throw error;
  }
  return "no error";
}

test("names, shapes, types, values and metadata come back", async () => {
  const metadata = new Map([
    ["__proto__", "kept"],
    ["notes", 'a "quoted"\nline'],
  ]);
  const file = await write(
    {
      flags: tensor([true, false, true]),
      'x "\n<b>': tensor([
        [1.5, -0],
        [Infinity, 1e-45],
      ]),
      none: tensor([], { shape: [0, 3] }),
      counts: tensor([4294967295], { dtype: "u32" }),
      scalar: tensor(-7, { dtype: "i32" }),
    },
    metadata,
  );
  const read = await readSafetensors(file);
  expect([...read.metadata]).toEqual([...metadata]);
  const found = [];
  for (const [name, one] of read.tensors) {
    found.push([name, one.dtype, one.shape, [...(await one.data())]]);
    one.dispose();
  }
  expect(found).toEqual([
    ["flags", "bool", [3], [1, 0, 1]],
    ['x "\n<b>', "f32", [2, 2], [1.5, -0, Infinity, Math.fround(1e-45)]],
    ["none", "f32", [0, 3], []],
    ["counts", "u32", [1], [4294967295]],
    ["scalar", "i32", [], [-7]],
  ]);
});

test("the data and every tensor in it are aligned", async () => {
  const file = await write({
    flag: tensor([true]),
    a: tensor([1, 2, 3]),
    flags: tensor([true, true, false]),
    b: tensor([4], { dtype: "i32" }),
  });
  const { header, dataStart } = headerOf(file);
  expect(dataStart % 8).toBe(0);
  expect(Object.keys(header)).toEqual(["flag", "a", "flags", "b"]);
  for (const { dtype, data_offsets } of Object.values(header))
    expect(data_offsets[0] % (dtype === "BOOL" ? 1 : 4), dtype).toBe(0);
});

test("the same tensors give the same bytes, and a file that is read and written again is itself", async () => {
  const build = () => write({ b: tensor([1, 2]), a: tensor([true]) }, new Map([["k", "v"]]));
  const file = await build();
  expect(await build()).toEqual(file);
  const { tensors, metadata } = await readSafetensors(file);
  expect(await writeSafetensors(tensors, metadata)).toEqual(file);
  tensors.forEach((one) => one.dispose());
});

test.each([
  ["__metadata__", "ST_NAME_INVALID"],
  ["half of a pair: \ud800", "ST_NAME_INVALID"],
  ["n".repeat(1025), "ST_LIMIT"],
])("a tensor cannot be called %j", async (name, code) => {
  using one = tensor([1]);
  expect(await codeOf(() => writeSafetensors(new Map([[name, one]])))).toBe(code);
});

test("metadata cannot hold half of a surrogate pair", async () => {
  for (const pair of [
    ["\udfff", "a"],
    ["a", "\udfff"],
  ] as const)
    expect(await codeOf(() => writeSafetensors(new Map(), new Map([pair])))).toBe(
      "ST_NAME_INVALID",
    );
});

test("a disposed tensor is not written", async () => {
  const one = tensor([1]);
  one.dispose();
  expect(await codeOf(() => writeSafetensors(new Map([["a", one]])))).toBe("DISPOSED");
});

test("what the reader would refuse is refused by the encoder", async () => {
  const one = { name: "a", dtype: "F32", shape: [1], bytes: new Uint8Array(4) };
  const code = (...entries: (typeof one)[]) => codeOf(() => encodeSafetensors(entries));
  expect(await code(one)).toBe("no error");
  expect(await code(one, { ...one })).toBe("ST_DUPLICATE_KEY");
  expect(await code({ ...one, bytes: new Uint8Array(5) })).toBe("ST_SIZE_MISMATCH");
  expect(await code({ ...one, dtype: "float32" })).toBe("ST_DTYPE_UNKNOWN");
  expect(await code({ ...one, shape: [-1] })).toBe("ST_SHAPE_INVALID");
  expect(await code({ ...one, shape: Array(9).fill(1) })).toBe("ST_LIMIT");
});
