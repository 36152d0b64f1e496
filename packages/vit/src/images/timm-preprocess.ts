// timm's `pretrained_cfg` to how a picture is prepared.
import { choiceField } from "../families/config-file.ts";
import type { ConfigFile } from "../families/family.ts";
import type { PreprocessConfig } from "./preprocess-config.ts";
import {
  deviations,
  perChannel,
  positiveField,
  wholeSize,
  type RowsColumns,
} from "./preprocess-fields.ts";
import { roundHalfEven } from "./round-half-even.ts";

/** Of timm's `PretrainedCfg`, ImageNet's. */
const DEFAULTS = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  cropPct: 0.875,
} as const;

const INTERPOLATIONS = new Map([
  ["nearest", "nearest"],
  ["bilinear", "bilinear"],
  ["bicubic", "bicubic"],
  ["lanczos", "lanczos"],
] as const);

const FITS = new Map([
  ["center", "cover"],
  ["squash", "stretch"],
  ["border", "contain"],
] as const);

/**
 * What `pretrained_cfg` asks for, as the evaluation transform of timm 1.0.31 does it (older ones cover sizes that are not
 * square with bilinear interpolation). Borders of `crop_mode: "border"` have the mean's color.
 * @param model channels and size that it reads
 * @throws PrismaError CONFIG_INVALID
 */
export function timmPreprocess(
  pretrained: ConfigFile,
  model: { readonly channels: number; readonly size: RowsColumns },
): PreprocessConfig {
  const crop = positiveField(pretrained, "crop_pct", DEFAULTS.cropPct);
  const [rows, columns] = model.size;
  const mean = perChannel(pretrained, "mean", DEFAULTS.mean, model.channels);
  const fit = choiceField(pretrained, "crop_mode", FITS) ?? "cover";
  return {
    channels: model.channels,
    size: model.size,
    resizeTo: wholeSize("crop_pct", [Math.floor(rows / crop), Math.floor(columns / crop)]),
    fit,
    interpolation: choiceField(pretrained, "interpolation", INTERPOLATIONS) ?? "bicubic",
    mean,
    std: deviations(pretrained, "std", DEFAULTS.std, model.channels),
    library: "timm",
    ...(fit === "contain" ? { fill: mean.map((value) => roundHalfEven(255 * value)) } : {}),
  };
}
