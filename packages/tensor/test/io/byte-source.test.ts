// Where files are read from, and what each kind of source says when it cannot be read; over HTTP: http-faults.test.ts.
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { byteSource, PrismaError, type ByteInput } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "byte-source-"));
});
afterAll(() => rm(folder, { recursive: true }));

const BYTES = Uint8Array.from({ length: 300 }, (_, i) => i % 251);

async function errorOf(work: () => unknown): Promise<PrismaError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PrismaError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

test("every kind of source gives the same bytes", async () => {
  const path = join(folder, "300.bin");
  await writeFile(path, BYTES);
  const blobUrl = URL.createObjectURL(new Blob([BYTES]));
  const inputs: ByteInput[] = [
    BYTES,
    BYTES.slice().buffer,
    new Blob([BYTES]),
    path,
    pathToFileURL(path),
    String(pathToFileURL(path)),
    blobUrl,
    `data:application/octet-stream;base64,${Buffer.from(BYTES).toString("base64")}`,
    byteSource(BYTES),
  ];
  for (const input of inputs) {
    const source = byteSource(input);
    expect(await source.size(), source.name).toBe(300);
    expect(await source.read(0, 300)).toEqual(BYTES);
    expect(await source.read(250, 260)).toEqual(BYTES.slice(250, 260));
    expect(await source.read(300, 300)).toEqual(new Uint8Array(0));
    expect((await errorOf(() => source.read(290, 301))).code, source.name).toBe("SOURCE_TRUNCATED");
    expect((await errorOf(() => source.read(400, 401))).code, source.name).toBe("SOURCE_TRUNCATED");
  }
  URL.revokeObjectURL(blobUrl);
});

test.each<readonly [string, unknown]>([
  ["null", null],
  ["a number", 3],
  ["an array", [1, 2]],
  ["an object", { read: 1 }],
  ["an Int8Array", new Int8Array(3)],
])("%s is no source", async (_, input) => {
  const error = await errorOf(() => byteSource(input as ByteInput));
  expect(error.code).toBe("ARGUMENT_INVALID");
});

test("a URL that is none is refused, and what may be secret in it is not repeated", async () => {
  const error = await errorOf(() => byteSource("https://user:word@[?token=secret"));
  expect(error.code).toBe("ARGUMENT_INVALID");
  expect(error.message).not.toMatch(/word|secret/);
});

test("a missing file, a folder, and a file that became shorter", async () => {
  const missing = await errorOf(() => byteSource(join(folder, "none.bin")).size());
  expect(missing.code).toBe("SOURCE_NOT_FOUND");
  expect(missing.message).toContain('"none.bin"');
  expect(missing.message).not.toContain(folder);
  expect((await errorOf(() => byteSource(folder).size())).code).toBe("SOURCE_NOT_FOUND");
  expect((await errorOf(() => byteSource("file://elsewhere/a.bin"))).code).toBe("SOURCE_NOT_FOUND");

  const path = join(folder, "shorter.bin");
  await writeFile(path, BYTES);
  const source = byteSource(path);
  await source.size();
  await truncate(path, 100);
  expect((await errorOf(() => source.read(0, 300))).code).toBe("SOURCE_TRUNCATED");
});

test("a blob URL that was revoked, and a data URL without data", async () => {
  const url = URL.createObjectURL(new Blob([BYTES]));
  URL.revokeObjectURL(url);
  expect((await errorOf(() => byteSource(url).size())).code).toBe("SOURCE_NOT_FOUND");
  expect((await errorOf(() => byteSource("data:nothing").size())).code).toBe("SOURCE_NOT_FOUND");
});

test("a chosen file that the system no longer gives", async () => {
  /** As browsers do when a chosen file was changed or removed. */
  class GoneFile extends File {
    override slice(): Blob {
      const part = new Blob();
      part.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
      return part;
    }
  }
  const error = await errorOf(() => byteSource(new GoneFile([BYTES], "a\n.bin")).read(0, 8));
  expect(error.code).toBe("SOURCE_NOT_FOUND");
  expect(error.message).toContain('"a\\u{a}.bin"');
  expect(error.cause).toBeInstanceOf(DOMException);
});
