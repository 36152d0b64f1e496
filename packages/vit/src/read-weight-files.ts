// The weights of a folder: one file, or several that an index lists.
import { PrismaError, quoteName, type Tensor } from "@prisma/tensor";
import { readCheckpoint, type ReadCheckpointOptions } from "./read-checkpoint.ts";
import { isNotFound } from "./read-description.ts";
import { inFolder, readFile, type FolderSource } from "./read-file.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** More than any published model has; an index is read whole. */
const MOST = { bytes: 32 * 1024 * 1024, files: 1000, tensors: 200_000 } as const;

/** A file beside its index, and nowhere else: no separators, no drives, no hosts, no escapes. */
const FILE_NAME = /^(?!\.)[A-Za-z0-9._-]{1,200}\.(safetensors|bin)$/;

function invalidIndex(
  file: string,
  what: string,
  details: Readonly<Record<string, string>> = {},
): PrismaError {
  return new PrismaError("INDEX_INVALID", `${file}: ${what}`, { file, ...details });
}

/** Names of tensors by the file that holds them. @throws PrismaError INDEX_INVALID */
function parseIndex(file: string, bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidIndex(file, "it is not JSON");
  }
  const map: unknown =
    typeof parsed === "object" && parsed !== null && "weight_map" in parsed
      ? parsed.weight_map
      : null;
  if (typeof map !== "object" || map === null || Array.isArray(map))
    throw invalidIndex(file, "it has no weight_map");
  const files = new Map<string, string[]>();
  for (const [tensor, part] of Object.entries(map) as [string, unknown][]) {
    if (typeof part !== "string" || !FILE_NAME.test(part))
      throw invalidIndex(
        file,
        `${quoteName(tensor)} lies in ${quoteName(String(part))}; expected a .safetensors or .bin file beside the index`,
        { tensor },
      );
    const names = files.get(part);
    if (names === undefined) files.set(part, [tensor]);
    else names.push(tensor);
  }
  return files;
}

function assertCounts(file: string, files: ReadonlyMap<string, readonly string[]>): void {
  const tensors = [...files.values()].reduce((sum, names) => sum + names.length, 0);
  if (tensors === 0) throw invalidIndex(file, "its weight_map is empty");
  if (files.size <= MOST.files && tensors <= MOST.tensors) return;
  throw invalidIndex(
    file,
    `it lists ${tensors} tensors in ${files.size} files; the limits are ${MOST.tensors} and ${MOST.files}`,
  );
}

/** Moves the tensors of one part, which must be those that the index names, into `all`. */
function take(
  file: string,
  {
    part,
    names,
    found,
  }: {
    readonly part: string;
    readonly names: readonly string[];
    readonly found: Tensors;
  },
  all: Map<string, Tensor>,
): void {
  const listed = new Set(names);
  for (const [name, tensor] of found) {
    if (listed.delete(name)) all.set(name, tensor);
    else tensor.dispose();
  }
  const [missing] = listed;
  if (missing !== undefined)
    throw invalidIndex(file, `${quoteName(part)} lacks ${quoteName(missing)}`, { tensor: missing });
  if (found.size === names.length) return;
  const more = [...found.keys()].find((name) => !names.includes(name)) ?? "";
  throw invalidIndex(file, `${quoteName(part)} has ${quoteName(more)}, which it does not list`, {
    tensor: more,
  });
}

async function readPart(
  folder: FolderSource,
  { file, part }: { readonly file: string; readonly part: string },
  options: ReadCheckpointOptions,
): Promise<Tensors> {
  try {
    return await readCheckpoint(inFolder(folder, part), options);
  } catch (error) {
    if (isNotFound(error)) throw invalidIndex(file, `${quoteName(part)} is not there`);
    throw error;
  }
}

async function readParts(
  folder: FolderSource,
  file: string,
  options: ReadCheckpointOptions,
): Promise<Tensors> {
  const assertBytes = (bytes: number): void => {
    if (bytes > MOST.bytes)
      throw invalidIndex(file, `it has ${bytes} bytes; the limit is ${MOST.bytes}`);
  };
  const files = parseIndex(
    file,
    await readFile(inFolder(folder, file), assertBytes, options.signal),
  );
  assertCounts(file, files);
  const all = new Map<string, Tensor>();
  try {
    for (const [part, names] of files) {
      const found = await readPart(folder, { file, part }, options);
      take(file, { part, names, found }, all);
    }
    return all;
  } catch (error) {
    all.forEach((tensor) => tensor.dispose());
    throw error;
  }
}

/**
 * Tensors of the first of `names` that is in `folder`, lazy; of a name that ends in `.index.json`, those of all files that
 * it lists. The caller disposes them.
 * @throws PrismaError SOURCE_NOT_FOUND, INDEX_INVALID, and what `readCheckpoint` throws
 * @example
 * const tensors = await readWeightFiles("models/garment-scenes-vit", ["model.safetensors"]);
 * tensors.get("head.bias")!.shape; // [10]
 */
export async function readWeightFiles(
  folder: FolderSource,
  names: readonly string[],
  options: ReadCheckpointOptions = {},
): Promise<Tensors> {
  let missing: unknown;
  for (const name of names) {
    try {
      return await (name.endsWith(".index.json")
        ? readParts(folder, name, options)
        : readCheckpoint(inFolder(folder, name), options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      missing ??= error;
    }
  }
  if (missing !== undefined) throw missing;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    "readWeightFiles: names is empty; expected at least one",
  );
}
