// The files of a CLIP checkpoint: from a folder or a URL, or in memory.
import { PrismaError, type Tensor } from "@prisma/tensor";
import {
  inFolder,
  isFolder,
  readCheckpoint,
  readFile,
  readWeightFiles,
  type FolderSource,
} from "@prisma/vit";
import { isClipConfig } from "./families/index.ts";
import type { ClipDescription } from "./families/clip-family.ts";
import { invalidConfig } from "./text-config.ts";
import { isJsonObject, type JsonObject } from "./tokenizer/tokenizer-file.ts";
import type { TokenizerFiles } from "./tokenizer/tokenizer.ts";

/** A checkpoint in memory: what its JSON files say, and the bytes of its weights or its tensors. */
export interface ClipFiles {
  /** `config.json` or `open_clip_config.json`. */
  readonly config: JsonObject;
  readonly weights: Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | ReadonlyMap<string, Tensor>;
  /** `preprocessor_config.json`; without it, transformers' checkpoints read tensors only. */
  readonly preprocessor?: JsonObject;
  /** Without them, texts are given as ids. */
  readonly tokenizer?: TokenizerFiles;
  /** The token behind the end of a text, as `tokenizer_config.json` has it. */
  readonly padToken?: string;
}

/** Where a checkpoint is: a folder (a path in Node, a URL anywhere, or its files by name), or in memory. */
export type ClipSource = FolderSource | ClipFiles;

/** A checkpoint's files, opened: weights are lazy. */
export interface OpenedFiles {
  readonly description: ClipDescription;
  readonly tensors: () => Promise<ReadonlyMap<string, Tensor>>;
  readonly tokenizer: TokenizerFiles | null;
  readonly padToken: string | null;
}

const MEGABYTE = 1024 * 1024;
const CONFIG_BYTES = MEGABYTE;
const TOKENIZER_BYTES = 64 * MEGABYTE;

/** Text of `name` in `folder`; null when it is not there. */
async function textOf(
  folder: FolderSource,
  name: string,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal | undefined },
): Promise<string | null> {
  const check = (bytes: number): void => {
    if (bytes > most)
      throw new PrismaError("SIZE_LIMIT", `${name} has ${bytes} bytes; the limit is ${most}`, {
        bytes,
        most,
      });
  };
  try {
    const bytes = await readFile(inFolder(folder, name), check, signal);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof PrismaError && error.code === "SOURCE_NOT_FOUND") return null;
    if (error instanceof TypeError) throw invalidConfig(name, "other bytes", "UTF-8");
    throw error;
  }
}

/** The object that `text`, of the file `name`, holds. */
function parse(name: string, text: string | null): JsonObject | null {
  if (text === null) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new PrismaError("CONFIG_INVALID", `${name} is not JSON`, {}, { cause });
  }
  if (isJsonObject(parsed)) return parsed;
  throw new PrismaError("CONFIG_INVALID", `${name} does not hold an object`);
}

/** `tokenizer.json`, or CLIP's two vocabulary files, or the merges of its release. */
async function tokenizerFiles(
  read: (name: string) => Promise<string | null>,
): Promise<TokenizerFiles | null> {
  const tokenizer = parse("tokenizer.json", await read("tokenizer.json"));
  if (tokenizer !== null) return { tokenizer };
  const [vocab, merges] = [parse("vocab.json", await read("vocab.json")), await read("merges.txt")];
  if (vocab !== null && merges !== null) return { vocab, merges };
  const release = await read("bpe_simple_vocab_16e6.txt");
  return release === null ? null : { merges: release };
}

/** `pad_token` of `tokenizer_config.json`: a text, or an object with one. */
function padTokenOf(config: JsonObject | null): string | null {
  const token = config?.["pad_token"];
  const text = isJsonObject(token) ? token["content"] : token;
  return typeof text === "string" ? text : null;
}

const LAYOUTS = [
  {
    config: "config.json",
    weights: ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"],
  },
  {
    config: "open_clip_config.json",
    weights: [
      "open_clip_model.safetensors",
      "open_clip_model.safetensors.index.json",
      "open_clip_pytorch_model.bin",
    ],
  },
] as const;

async function openFolder(folder: FolderSource, signal?: AbortSignal): Promise<OpenedFiles> {
  const small = (name: string): Promise<string | null> =>
    textOf(folder, name, { most: CONFIG_BYTES, signal });
  const large = (name: string): Promise<string | null> =>
    textOf(folder, name, { most: TOKENIZER_BYTES, signal });
  let other: JsonObject | null = null;
  for (const layout of LAYOUTS) {
    const config = parse(layout.config, await small(layout.config));
    // A folder may also hold the configuration of one tower.
    if (config === null || !isClipConfig(config)) {
      other ??= config;
      continue;
    }
    return {
      description: {
        config,
        preprocessor: parse("preprocessor_config.json", await small("preprocessor_config.json")),
      },
      tensors: () =>
        readWeightFiles(folder, layout.weights, signal === undefined ? {} : { signal }),
      tokenizer: await tokenizerFiles(large),
      padToken: padTokenOf(parse("tokenizer_config.json", await small("tokenizer_config.json"))),
    };
  }
  if (other !== null)
    throw invalidConfig("model_type", other["model_type"], "that of a CLIP or SigLIP pair");
  throw new PrismaError(
    "SOURCE_NOT_FOUND",
    "the folder has neither config.json nor open_clip_config.json",
  );
}

function isFiles(source: ClipSource): source is ClipFiles {
  return !isFolder(source);
}

function isTensors(weights: ClipFiles["weights"]): weights is ReadonlyMap<string, Tensor> {
  return weights instanceof Map;
}

/**
 * The files of `source`; weights are opened when they are asked for.
 * @throws PrismaError SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED, CANCELLED, SIZE_LIMIT; CONFIG_INVALID for what is no pair
 */
export async function openClipFiles(
  source: ClipSource,
  signal?: AbortSignal,
): Promise<OpenedFiles> {
  if (!isFiles(source)) return openFolder(source, signal);
  const { config, preprocessor = null, tokenizer = null, padToken = null, weights } = source;
  const options = signal === undefined ? {} : { signal };
  return {
    description: { config, preprocessor },
    tensors: () =>
      isTensors(weights) ? Promise.resolve(weights) : readCheckpoint(weights, options),
    tokenizer,
    padToken,
  };
}

/**
 * True where the configuration of `source` is that of a CLIP or SigLIP pair; false for any other, and for none.
 * @throws PrismaError NETWORK_FAILED, SIZE_LIMIT, CANCELLED
 * @example
 * await isClip("models/small-clip"); // true
 * await isClip("models/garment-scenes-vit"); // false
 */
export async function isClip(
  source: FolderSource | { readonly config: JsonObject },
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  if (!isFolder(source)) return isClipConfig(source.config);
  for (const { config } of LAYOUTS) {
    const text = await textOf(source, config, { most: CONFIG_BYTES, signal });
    if (text !== null && isClipConfig(parse(config, text) ?? {})) return true;
  }
  return false;
}
