// The corpus from memory, from Blobs, and from a source that counts what is read, in Node and in Chromium.
import { byteSource, init, type ByteSource, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectCase } from "./check-case.ts";
import { safetensorsCorpus, titledCases } from "./safetensors-corpus.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

/** The last byte that opening `file` may read: where its header ends, or its length field if there is no such place. */
function headerEnd(file: Uint8Array): number {
  if (file.length < 8) return file.length;
  const length = new DataView(file.buffer).getBigUint64(0, true);
  return length > BigInt(file.length - 8) ? 8 : 8 + Number(length);
}

/** `source`, and how far it was read. */
function countingSource(source: ByteSource): ByteSource & { readonly reach: () => number } {
  let reach = 0;
  return {
    name: source.name,
    size: () => source.size(),
    read: (begin, end) => {
      reach = Math.max(reach, end);
      return source.read(begin, end);
    },
    reach: () => reach,
  };
}

/** Milliseconds for headers of up to 100 MB on a busy machine. */
const LARGE_FILES = 60_000;

test("every class is whole, and no id is there twice", () => {
  const ids = safetensorsCorpus.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const specified = { V: 17, A: 18, B: 18, C: 8, D: 34, E: 20, F: 7, G: 4 };
  for (const [letter, count] of Object.entries(specified)) {
    const numbers = Array.from({ length: count }, (_, i) => String(i + 1).padStart(2, "0"));
    expect(ids).toEqual(expect.arrayContaining(numbers.map((number) => letter + number)));
  }
});

test.each(titledCases)(
  "%s",
  async (_, one) => {
    const file = one.build();
    await expectCase(one, file);
    const blob = countingSource(byteSource(new Blob([file])));
    await expectCase(one, blob);
    // Whoever refuses a file has not looked at its data.
    const allowed = one.expected === "ok" ? file.length : headerEnd(file);
    expect(blob.reach(), "bytes read").toBeLessThanOrEqual(allowed);
  },
  LARGE_FILES,
);
