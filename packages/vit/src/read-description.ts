// The files that describe a model, from a folder: `config.json` or open_clip's, and how its pictures are prepared.
import { PrismaError } from "@prisma/tensor";
import { isObject } from "./families/config-file.ts";
import type { ConfigFile } from "./families/family.ts";
import { inFolder, readFile, type FolderSource } from "./read-file.ts";

/** One file of a folder. */
interface JsonAddress {
  readonly folder: FolderSource;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

const MAX_CONFIG_BYTES = 1024 * 1024;

/** The object that the file holds. @throws PrismaError CONFIG_INVALID, SOURCE_NOT_FOUND, NETWORK_FAILED, CANCELLED */
async function readObject({ folder, name, signal }: JsonAddress): Promise<ConfigFile> {
  const assertBytes = (bytes: number): void => {
    if (bytes <= MAX_CONFIG_BYTES) return;
    throw new PrismaError(
      "CONFIG_INVALID",
      `${name} has ${bytes} bytes; the limit is ${MAX_CONFIG_BYTES}`,
      { bytes },
    );
  };
  const bytes = await readFile(inFolder(folder, name), assertBytes, signal);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PrismaError("CONFIG_INVALID", `${name} is not JSON`, {}, { cause });
  }
  if (isObject(parsed)) return parsed;
  throw new PrismaError("CONFIG_INVALID", `${name} does not hold an object`);
}

/** True for the error of a file that is not there. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof PrismaError && error.code === "SOURCE_NOT_FOUND";

/** What the file holds; null where there is none. */
async function maybeObject(address: JsonAddress): Promise<ConfigFile | null> {
  try {
    return await readObject(address);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/**
 * `config.json` of `folder`, or where there is none `open_clip_config.json`.
 * @throws PrismaError CONFIG_INVALID, SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED, CANCELLED
 */
export async function readConfigFile(
  folder: FolderSource,
  signal?: AbortSignal,
): Promise<ConfigFile> {
  try {
    return await readObject({ folder, name: "config.json", signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const other = await maybeObject({ folder, name: "open_clip_config.json", signal });
    if (other === null) throw error;
    return other;
  }
}

/** `preprocessor_config.json` of `folder`; null where there is none. @throws PrismaError as {@link readConfigFile} */
export const readPreprocessorFile = (
  folder: FolderSource,
  signal?: AbortSignal,
): Promise<ConfigFile | null> => maybeObject({ folder, name: "preprocessor_config.json", signal });
