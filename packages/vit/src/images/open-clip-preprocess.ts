// The `preprocess_cfg` of `open_clip_config.json` to how a picture is prepared.
import { invalidConfig } from "../check-config.ts";
import { choiceField, numberField, stringField } from "../families/config-file.ts";
import type { ConfigFile } from "../families/family.ts";
import type { PreprocessConfig } from "./preprocess-config.ts";
import { deviations, perChannel, wholeSize, type RowsColumns } from "./preprocess-fields.ts";

/** open_clip's defaults, OpenAI's own. */
const DEFAULTS = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;

/** `random` is for training; to look at pictures it means bicubic. */
const INTERPOLATIONS = new Map([
  ["bilinear", "bilinear"],
  ["bicubic", "bicubic"],
  ["random", "bicubic"],
] as const);

const FITS = new Map([
  ["shortest", "cover"],
  ["longest", "contain"],
  ["squash", "stretch"],
] as const);

const KNOWN: ReadonlySet<string> = new Set([
  "size",
  "mode",
  "mean",
  "std",
  "interpolation",
  "resize_mode",
  "fill_color",
]);

function refuseUnknown(section: ConfigFile): void {
  for (const [field, value] of Object.entries(section)) {
    if (!KNOWN.has(field) && value !== null)
      throw invalidConfig(`preprocess_cfg.${field}`, value, "no such option of open_clip");
  }
  const mode = stringField(section, "mode") ?? "RGB";
  if (mode !== "RGB") throw invalidConfig("preprocess_cfg.mode", mode, '"RGB"');
}

/** The byte that pictures are padded with. */
function fillOf(section: ConfigFile): number {
  const fill = numberField(section, "fill_color") ?? 0;
  if (Number.isInteger(fill) && fill >= 0 && fill <= 255) return fill;
  throw invalidConfig("fill_color", fill, "a whole number from 0 to 255");
}

/**
 * What `preprocess_cfg` asks for, as open_clip's `image_transform` does it; where it is silent: OpenAI's mean and standard
 * deviation, bicubic, the shortest side.
 * @param section `preprocess_cfg`; empty where there is none
 * @param imageSize `vision_cfg.image_size`, which overrules a `size` in the section, as in open_clip
 * @throws PrismaError CONFIG_INVALID
 * @example
 * openClipPreprocess({ resize_mode: "squash" }, 224).fit; // "stretch"
 */
export function openClipPreprocess(
  section: ConfigFile,
  imageSize: number | RowsColumns,
): PreprocessConfig {
  refuseUnknown(section);
  const size = wholeSize(
    "image_size",
    typeof imageSize === "number" ? [imageSize, imageSize] : imageSize,
  );
  const fit = choiceField(section, "resize_mode", FITS) ?? "cover";
  const named = choiceField(section, "interpolation", INTERPOLATIONS) ?? "bicubic";
  // open_clip covers sizes that are not square with bicubic interpolation, whatever is asked for.
  const interpolation = fit === "cover" && size[0] !== size[1] ? "bicubic" : named;
  const fill = fillOf(section);
  return {
    channels: 3,
    size,
    resizeTo: size,
    fit,
    interpolation,
    mean: perChannel(section, "mean", DEFAULTS.mean, 3),
    std: deviations(section, "std", DEFAULTS.std, 3),
    library: "open_clip",
    fill: [fill, fill, fill],
  };
}
