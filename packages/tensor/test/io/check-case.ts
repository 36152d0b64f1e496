// Reads a file of the corpus from one kind of source, and checks all that must come of it.
import {
  memory,
  PrismaError,
  readSafetensors,
  type ByteInput,
  type Safetensors,
} from "@prisma/tensor";
import { expect } from "vitest";
import type { CorpusCase } from "./corpus/corpus-case.ts";

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

async function expectContent(one: CorpusCase, { tensors, metadata }: Safetensors): Promise<void> {
  expect([...tensors.keys()]).toEqual(one.tensors?.map(({ name }) => name));
  expect([...metadata]).toEqual(one.metadata ?? []);
  for (const { name, shape, bytes } of one.tensors ?? []) {
    using tensor = tensors.get(name)!;
    expect(tensor.shape).toEqual(shape);
    expect(tensor.dtype).toBe("f32");
    expect(bytesOf(await tensor.data())).toEqual(bytes);
  }
}

/** An error as section 5 of the error standard asks: coded, on one line, not too long. */
function expectError(one: CorpusCase, error: unknown): void {
  if (!(error instanceof PrismaError)) throw error;
  expect(error.code, error.message).toBe(one.expected);
  expect(error.message).toMatch(new RegExp(`^${error.code}: .{1,380}$`, "u"));
  for (const [key, value] of Object.entries(one.details ?? {})) {
    const found = error.details[key];
    if (value instanceof RegExp) expect(found, key).toMatch(value);
    else expect(found, key).toEqual(value);
  }
}

/** Reads `input` as the file of `one`: its values exactly, or the error it asks for; nothing is left behind. */
export async function expectCase(one: CorpusCase, input: ByteInput): Promise<void> {
  const before = memory();
  const prototype = Reflect.ownKeys(Object.prototype);
  const read = await readSafetensors(input, one.limits).catch((error: unknown) => error);
  if (one.expected !== "ok") expectError(one, read);
  else if (read instanceof Error) throw read;
  else await expectContent(one, read as Safetensors);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype);
  const { tensors, buffers, bytes } = memory();
  expect({ tensors, buffers, bytes }).toEqual({
    tensors: before.tensors,
    buffers: before.buffers,
    bytes: before.bytes,
  });
}
