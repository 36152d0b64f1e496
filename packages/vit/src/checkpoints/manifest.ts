// `checkpoints.json`: what checkpoints a folder has, for places that cannot be listed.
import { PrismaError, quoteName } from "@prisma/tensor";
import { isObject } from "../families/config-file.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** What `format` of a manifest says. */
export const MANIFEST_FORMAT = "prisma-checkpoints-1";

const MOST_CHECKPOINTS = 100_000;
const MOST_FILES = 1000;
/** Relative, below the folder: no `..`, no empty part, no scheme, no backslash or control character. */
const FILE_NAME = /^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\:?#%\p{Cc}]{1,512}$/u;

function fail(what: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new PrismaError("MANIFEST_INVALID", `checkpoints.json: ${what}`, details);
}

const isName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && name.length <= 512;

function filesOf(value: unknown, shown: string): readonly string[] {
  const files: readonly unknown[] = Array.isArray(value) ? value : [];
  if (files.length === 0 || files.length > MOST_FILES)
    fail(`${shown} has no list of 1 to ${MOST_FILES} files`);
  return files.map((file) => {
    if (typeof file === "string" && FILE_NAME.test(file)) return file;
    const found = typeof file === "string" ? quoteName(file) : typeof file;
    return fail(`${shown} has the file ${found}, which is no name below the folder`);
  });
}

function hashesOf(value: unknown, count: number, shown: string): readonly string[] | null {
  if (value === undefined || value === null) return null;
  const hashes: readonly unknown[] = Array.isArray(value) ? value : [];
  const good = hashes.filter(
    (hash): hash is string => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash),
  );
  return good.length === count && hashes.length === count
    ? good
    : fail(`${shown} needs a SHA-256 in hex for each of its ${count} files`);
}

function samplesOf(value: unknown, shown: string): number | null {
  if (value === undefined || value === null) return null;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(`${shown}: samples is no whole number of at least 0`);
}

function checkpointOf(record: unknown, at: number): Checkpoint {
  if (!isObject(record)) return fail(`checkpoint ${at} is no object`);
  const { name, samples, files: listed, sha256, ...rest } = record;
  if (!isName(name)) return fail(`checkpoint ${at} has no name`);
  const shown = `checkpoint ${quoteName(name)}`;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) fail(`${shown} has a field ${quoteName(unknown)}, which is none`);
  const files = filesOf(listed, shown);
  return {
    name,
    samples: samplesOf(samples, shown),
    files,
    sha256: hashesOf(sha256, files.length, shown),
  };
}

/**
 * The checkpoints that the text of a manifest lists, in its order.
 * @throws PrismaError MANIFEST_INVALID
 */
export function parseManifest(text: string): Checkpoint[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fail("no JSON");
  }
  if (!isObject(parsed)) return fail("no object");
  if (parsed["format"] !== MANIFEST_FORMAT) fail(`format is not "${MANIFEST_FORMAT}"`);
  const records: unknown = parsed["checkpoints"];
  if (!Array.isArray(records) || records.length > MOST_CHECKPOINTS)
    return fail(`checkpoints is no list of at most ${MOST_CHECKPOINTS}`);
  const checkpoints = records.map(checkpointOf);
  const names = new Set<string>();
  for (const { name } of checkpoints) {
    if (names.has(name)) fail(`there are two checkpoints ${quoteName(name)}`, { name });
    names.add(name);
  }
  return checkpoints;
}
