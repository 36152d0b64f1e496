// Random safetensors files, most of them spoilt: the reader takes what an independent judge takes, and nothing else.
import { byteSource, PrismaError } from "@prisma/tensor";
import { expect, inject, test } from "vitest";
import type { CommitSeed } from "../../../../scripts/commit-seed.ts";
import { encodeSafetensors } from "../../src/io/encode-safetensors.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "../../src/io/safetensors-header.ts";
import { RandomSource } from "../fuzz/random-source.ts";
import { judgeFile } from "./judge-file.ts";
import { mutatedFile } from "./mutate-file.ts";
import { safetensorsCorpus } from "./safetensors-corpus.ts";

/** Files of a fixed seed, and as many of the commit. */
const FILES = 20_000;
/** Milliseconds for that on a busy machine; a quiet one takes two seconds. */
const LONG = 60_000;

/** What each of the seeds must have met for the test to mean anything. */
const CODES = [
  "ST_TOO_SHORT",
  "ST_HEADER_LENGTH",
  "ST_HEADER_TOO_LARGE",
  "ST_HEADER_JSON",
  "ST_HEADER_UTF8",
  "ST_HEADER_NOT_OBJECT",
  "ST_HEADER_DEPTH",
  "ST_DUPLICATE_KEY",
  "ST_ENTRY_INVALID",
  "ST_DTYPE_UNKNOWN",
  "ST_DTYPE_UNSUPPORTED",
  "ST_SHAPE_INVALID",
  "ST_SIZE_OVERFLOW",
  "ST_SIZE_MISMATCH",
  "ST_OFFSETS_INVALID",
  "ST_TRUNCATED",
  "ST_OFFSETS_GAP",
  "ST_OFFSETS_OVERLAP",
  "ST_TRAILING_BYTES",
  "ST_METADATA_INVALID",
  "ST_LIMIT",
];

/** The header of `bytes`, or why it is refused; any other error than ours goes through. */
async function read(bytes: Uint8Array<ArrayBuffer>): Promise<SafetensorsHeader | PrismaError> {
  try {
    return await readSafetensorsHeader(byteSource(bytes));
  } catch (error) {
    if (error instanceof PrismaError && /^ST_[^\n\r]{1,397}$/.test(error.message)) return error;
    throw error;
  }
}

/** Everything in a file by name. */
function contentOf({ entries, metadata, dataStart }: SafetensorsHeader, bytes: Uint8Array) {
  const tensors = [...entries].map(([name, { dtype, shape, begin, end }]) => ({
    name,
    dtype,
    shape,
    bytes: bytes.subarray(dataStart + begin, dataStart + end),
  }));
  return { tensors, metadata };
}

/** Complains where `found` is not `expected`; the test runner's own comparison is too slow for so many. */
function assertSame(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** Writing what was read gives a file with the same content, and writing that gives the same file. */
async function checkRoundTrip(header: SafetensorsHeader, bytes: Uint8Array): Promise<void> {
  const { tensors, metadata } = contentOf(header, bytes);
  const written = encodeSafetensors(tensors, metadata);
  const again = await read(written);
  if (again instanceof PrismaError) throw again;
  const copy = contentOf(again, written);
  assertSame([...copy.metadata], [...metadata], "metadata written and read");
  assertSame(copy.tensors, tensors, "tensors written and read");
  assertSame(encodeSafetensors(copy.tensors, copy.metadata), written, "the file written again");
}

/** Reads one file; its mutation and what became of it. */
async function checkFile(seed: number): Promise<{ mutation: string; outcome: string }> {
  const { mutation, bytes } = mutatedFile(new RandomSource(seed));
  const found = await read(bytes);
  const judged = judgeFile(bytes);
  if (found instanceof PrismaError) {
    assertSame(null, judged, `refused with ${found.message}, but it holds`);
    return { mutation, outcome: found.code };
  }
  const tensors = [...found.entries].map(([name, entry]) => ({ name, ...entry }));
  assertSame({ tensors, metadata: [...found.metadata] }, judged, "taken");
  await checkRoundTrip(found, bytes);
  return { mutation, outcome: "ok" };
}

async function expectFiles(first: number): Promise<Map<string, number>> {
  const prototype = Reflect.ownKeys(Object.prototype);
  const counts = new Map<string, number>();
  for (let seed = first; seed < first + FILES; seed++) {
    const { mutation, outcome } = await checkFile(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
    });
    if (mutation === "none" && outcome !== "ok") throw new Error(`seed ${seed}: ${outcome}`);
    for (const key of [mutation, outcome]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype);
  return counts;
}

test("the judge and the corpus agree", () => {
  // The judge knows neither a caller's limits nor those that only keep large files out, and he is slow.
  const cases = safetensorsCorpus
    .filter(({ expected, limits }) => limits === undefined && expected !== "ST_LIMIT")
    .map(({ id, expected, build }) => ({ id, good: expected === "ok", bytes: build() }))
    .filter(({ bytes }) => bytes.length < 1e6);
  expect(cases.length).toBeGreaterThan(120);
  const wrong = cases.filter(({ good, bytes }) => good !== (judgeFile(bytes) !== null));
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

test(
  "files of a fixed seed",
  async () => {
    const counts = await expectFiles(1);
    const few = CODES.filter((code) => (counts.get(code) ?? 0) < 10);
    expect(few, "codes met less than ten times").toEqual([]);
    expect(counts.get("none")).toBeGreaterThan(0.08 * FILES);
    expect(counts.get("bytes")).toBeGreaterThan(0.15 * FILES);
    expect(counts.get("ok")).toBeGreaterThan(0.2 * FILES);
    expect(counts.get("ok")).toBeLessThan(0.5 * FILES);
  },
  LONG,
);

const commit: CommitSeed = inject("commitSeed");
test.skipIf(commit === null)(
  "files of the commit's seed",
  async () => {
    expect((await expectFiles(Number(commit))).get("ok")).toBeGreaterThan(0);
  },
  LONG,
);
