// Every CLIP layout that is read.
import { invalidConfig } from "../text-config.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipFamily } from "./clip-family.ts";
import { openClip } from "./open-clip.ts";
import { transformersClip } from "./transformers-clip.ts";
import { transformersSiglip } from "./transformers-siglip.ts";

const FAMILIES: readonly ClipFamily[] = [transformersClip, transformersSiglip, openClip];

/** True where `config` is that of a CLIP or SigLIP pair. */
export const isClipConfig = (config: JsonObject): boolean =>
  FAMILIES.some((family) => family.recognizes(config));

/**
 * The layout of the model that `config` describes.
 * @throws PrismaError CONFIG_INVALID when it is none of them
 */
export function findClipFamily(config: JsonObject): ClipFamily {
  const family = FAMILIES.find((one) => one.recognizes(config));
  if (family !== undefined) return family;
  throw invalidConfig(
    "model_type",
    config["model_type"] ?? Object.keys(config).slice(0, 8),
    `a layout of ${FAMILIES.map(({ name }) => name).join(", ")}`,
  );
}
