// The `preprocess` section of our own `config.json` to how a picture is prepared.
import { invalidConfig } from "../check-config.ts";
import type { ViTConfig } from "../config.ts";
import { choiceField, numbersField } from "../families/config-file.ts";
import type { ConfigFile } from "../families/family.ts";
import type { PreprocessConfig } from "./preprocess-config.ts";
import { deviations, perChannel, positiveField, wholeSize } from "./preprocess-fields.ts";

/** Texts that stand for themselves. */
const oneOf = <T extends string>(...names: readonly T[]): ReadonlyMap<string, T> =>
  new Map(names.map((name) => [name, name]));

const FITS = oneOf("cover", "contain", "stretch", "none");
const INTERPOLATIONS = oneOf("nearest", "bilinear", "bicubic", "lanczos");
const LIBRARIES = oneOf("timm", "transformers", "open_clip");
const ALPHAS = oneOf("drop", "white");

/** Fields of `PreprocessConfig` that a file may hold. */
const KNOWN: ReadonlySet<string> = new Set([
  "resizeTo",
  "fit",
  "interpolation",
  "mean",
  "std",
  "library",
  "alpha",
  "rescale",
  "fill",
]);

/**
 * What a `preprocess` section says: the fields of `PreprocessConfig` but for channels and size, which are the model's.
 * @throws PrismaError CONFIG_INVALID
 */
export function prismaPreprocess(
  section: ConfigFile,
  { nChannels, imageSize }: ViTConfig,
): PreprocessConfig {
  const unknown = Object.keys(section).find((field) => !KNOWN.has(field));
  if (unknown !== undefined)
    throw invalidConfig(`preprocess.${unknown}`, section[unknown], "no such field");
  const library = choiceField(section, "library", LIBRARIES);
  const alpha = choiceField(section, "alpha", ALPHAS);
  // What is absent stays absent, so that a model saved again is the same.
  return {
    channels: nChannels,
    size: imageSize,
    resizeTo: wholeSize("resizeTo", numbersField(section, "resizeTo") ?? imageSize),
    fit: choiceField(section, "fit", FITS) ?? "cover",
    interpolation: choiceField(section, "interpolation", INTERPOLATIONS) ?? "bilinear",
    mean: perChannel(section, "mean", [], nChannels),
    std: deviations(section, "std", [], nChannels),
    ...(library === undefined ? {} : { library }),
    ...(alpha === undefined ? {} : { alpha }),
    ...("rescale" in section ? { rescale: positiveField(section, "rescale", 1 / 255) } : {}),
    ...("fill" in section ? { fill: perChannel(section, "fill", [], nChannels) } : {}),
  };
}
