// The tensors of one checkpoint of a series, its files held against their hashes where they are known.
import { byteSource, PrismaError, quoteName, type ByteInput, type Tensor } from "@prisma/tensor";
import { readCheckpoint } from "../read-checkpoint.ts";
import { inFolder, type FolderSource } from "../read-file.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { listCheckpoints } from "./list-checkpoints.ts";

/** How a checkpoint is read. */
type Reading = { readonly signal?: AbortSignal };

async function hexHash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle === undefined)
    throw new PrismaError(
      "PLATFORM_UNSUPPORTED",
      "hashes cannot be checked here: pages need https or localhost for it",
    );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The file, whole, and as its hash says. */
async function verified(
  address: ByteInput,
  file: string,
  { expected, reading }: { readonly expected: string; readonly reading: Reading },
): Promise<Uint8Array<ArrayBuffer>> {
  const source = byteSource(address);
  const bytes = await source.read(0, await source.size(reading), reading);
  const found = await hexHash(bytes);
  if (found === expected) return bytes;
  throw new PrismaError(
    "HASH_MISMATCH",
    `${quoteName(file)} is not the file that checkpoints.json lists: its SHA-256 is another; get it again`,
    { file, expected, found },
  );
}

/** @throws PrismaError CHECKPOINT_UNEXPECTED where `all` has one of `more`, which are let go of */
function addTensors(
  all: Map<string, Tensor>,
  more: ReadonlyMap<string, Tensor>,
  file: string,
): void {
  const twice = [...more.keys()].find((name) => all.has(name));
  if (twice === undefined) return more.forEach((tensor, name) => all.set(name, tensor));
  more.forEach((tensor) => tensor.dispose());
  throw new PrismaError(
    "CHECKPOINT_UNEXPECTED",
    `two files of the checkpoint have ${quoteName(twice)}, the second is ${quoteName(file)}`,
    { name: twice },
  );
}

/**
 * The tensors, lazy, of the checkpoint `wanted` in the folder `source`. The caller disposes them.
 * @throws PrismaError CHECKPOINT_UNKNOWN, HASH_MISMATCH, CHECKPOINT_UNEXPECTED; what `listCheckpoints` and reading throw
 */
export async function readSeries(
  source: FolderSource,
  wanted: string | number,
  reading: Reading,
): Promise<ReadonlyMap<string, Tensor>> {
  const { files, sha256 } = findCheckpoint(await listCheckpoints(source, reading), wanted);
  const tensors = new Map<string, Tensor>();
  try {
    for (const [at, file] of files.entries()) {
      const address = inFolder(source, file);
      const expected = sha256?.[at];
      const input: ByteInput =
        expected === undefined ? address : await verified(address, file, { expected, reading });
      addTensors(tensors, await readCheckpoint(input, reading), file);
    }
    return tensors;
  } catch (error) {
    tensors.forEach((tensor) => tensor.dispose());
    throw error;
  }
}
