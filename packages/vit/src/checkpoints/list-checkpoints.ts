// The checkpoints of one training: by a folder's `checkpoints.json`, or by its files' names.
import { kindOf, listFolder, PrismaError } from "@prisma/tensor";
import { inFolder, isFolder, readFile, type FolderSource } from "../read-file.ts";
import { checkpointsAmong, TRAINER_FOLDER, type Checkpoint } from "./checkpoint.ts";
import { parseManifest } from "./manifest.ts";

/** How a folder is listed. */
export interface ListCheckpointsOptions {
  readonly signal?: AbortSignal;
}

const MANIFEST = "checkpoints.json";
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

function assertManifestBytes(bytes: number): void {
  if (bytes <= MAX_MANIFEST_BYTES) return;
  throw new PrismaError(
    "MANIFEST_INVALID",
    `${MANIFEST} has ${bytes} bytes; the limit is ${MAX_MANIFEST_BYTES}`,
    { bytes },
  );
}

/** The text of the folder's manifest; null where there is none. */
async function readManifest(folder: FolderSource, signal?: AbortSignal): Promise<string | null> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readFile(inFolder(folder, MANIFEST), assertManifestBytes, signal);
  } catch (error) {
    if (error instanceof PrismaError && error.code === "SOURCE_NOT_FOUND") return null;
    throw error;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PrismaError("MANIFEST_INVALID", `${MANIFEST} is not UTF-8`, {}, { cause });
  }
}

/** Names of a folder's files, and of those where ViT-Prisma's trainer puts checkpoints. */
async function filesIn(folder: FolderSource): Promise<readonly string[]> {
  if (folder instanceof Map) return [...folder.keys()];
  const address = String(folder);
  const remote = /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(address);
  const files = remote ? null : await listFolder(address);
  if (files === null)
    throw new PrismaError(
      remote ? "SOURCE_UNLISTABLE" : "SOURCE_NOT_FOUND",
      remote
        ? `a folder by URL cannot be listed; it needs a file ${MANIFEST} that says which checkpoints there are`
        : "there is no such folder, and no folder can be listed in a page",
    );
  const below = await listFolder(String(inFolder(folder, TRAINER_FOLDER)));
  return [...files, ...(below ?? []).map((file) => `${TRAINER_FOLDER}/${file}`)];
}

/**
 * The checkpoints of the training in the folder `source` (a path in Node, a URL anywhere), to be loaded with
 * `loadViT(source, { checkpoint })`: those of its `checkpoints.json` in their order, or else the files `model_{samples}.pth`
 * (`.pt`, `.safetensors`) in it or its `Checkpoints`, those of fewer images first.
 * @throws PrismaError MANIFEST_INVALID; SOURCE_UNLISTABLE for a URL without `checkpoints.json`; SOURCE_NOT_FOUND for no
 *   folder; ARGUMENT_INVALID, NETWORK_FAILED, SOURCE_TRUNCATED, CANCELLED
 * @example
 * const folder = "packages/vit/test/golden/prisma-hooked-vit";
 * const checkpoints = await listCheckpoints(folder);
 * checkpoints.map(({ samples }) => samples); // [0, 512]
 * using model = await loadViT(folder, { checkpoint: 512 });
 */
export async function listCheckpoints(
  source: FolderSource,
  options: ListCheckpointsOptions = {},
): Promise<readonly Checkpoint[]> {
  if (!isFolder(source))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `listCheckpoints: the source is ${kindOf(source)}; expected a folder, by path or URL`,
    );
  if (options.signal?.aborted)
    throw new PrismaError("CANCELLED", "listCheckpoints: listing was cancelled");
  const manifest = await readManifest(source, options.signal);
  return manifest === null ? checkpointsAmong(await filesIn(source)) : parseManifest(manifest);
}
