// `preprocessor_config.json` of transformers, in its forms over the years, to how a picture is prepared.
import { invalidConfig } from "../check-config.ts";
import {
  flagField,
  isObject,
  numberField,
  numbersField,
  stringField,
} from "../families/config-file.ts";
import type { ConfigFile } from "../families/family.ts";
import type { PreprocessConfig } from "./preprocess-config.ts";
import {
  deviations,
  perChannel,
  positiveField,
  wholeSize,
  type RowsColumns,
} from "./preprocess-fields.ts";
import type { Interpolation } from "./resample-filter.ts";

/** What a processor does where its file does not say. */
interface Processor {
  /** Rows and columns, or the shortest side. */
  readonly size: RowsColumns | number;
  /** Whether one number for `size` means a square; else the shortest side. */
  readonly square: boolean;
  readonly crop: RowsColumns | null;
  readonly interpolation: Interpolation;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly convertRgb: boolean;
}

const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const OPENAI = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};
const CLIP: Processor = {
  size: 224,
  square: false,
  crop: [224, 224],
  interpolation: "bicubic",
  ...OPENAI,
  convertRgb: true,
};
const VIT: Processor = {
  size: [224, 224],
  square: true,
  crop: null,
  interpolation: "bilinear",
  ...HALF,
  convertRgb: false,
};

/** Processors by the first word of their classes' names. */
const PROCESSORS: ReadonlyMap<string, Processor> = new Map([
  ["CLIP", CLIP],
  ["Bit", CLIP],
  ["ViT", VIT],
  ["DeiT", { ...VIT, size: [256, 256], crop: [224, 224], interpolation: "bicubic" }],
  ["Siglip", { ...VIT, square: false, interpolation: "bicubic", convertRgb: true }],
]);

/** Processors by `model_type`, for files that name none. */
const OF_MODELS = new Map([
  ["clip", "CLIP"],
  ["clip_vision_model", "CLIP"],
  ["vit", "ViT"],
  ["deit", "DeiT"],
  ["siglip", "Siglip"],
  ["siglip_vision_model", "Siglip"],
  ["dinov2", "Bit"],
  ["dinov2_with_registers", "Bit"],
]);

/** Pillow's numbers. */
const RESAMPLES = new Map<number, Interpolation>([
  [0, "nearest"],
  [1, "lanczos"],
  [2, "bilinear"],
  [3, "bicubic"],
]);

/** Fields that are read, and those that say nothing of the values. */
const KNOWN: ReadonlySet<string> = new Set([
  "do_resize",
  "size",
  "resample",
  "do_center_crop",
  "crop_size",
  "do_rescale",
  "rescale_factor",
  "do_normalize",
  "image_mean",
  "image_std",
  "do_convert_rgb",
  "image_processor_type",
  "feature_extractor_type",
  "processor_class",
  "_valid_processor_keys",
  "data_format",
  "default_to_square",
  "auto_map",
]);

function processorOf(file: ConfigFile, modelType: string | undefined): Processor {
  const field = "image_processor_type" in file ? "image_processor_type" : "feature_extractor_type";
  const type = stringField(file, field);
  const word = /^(\w+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/.exec(type ?? "")?.[1];
  const name = type === undefined ? OF_MODELS.get(modelType ?? "") : word;
  const processor = PROCESSORS.get(name ?? "");
  if (processor !== undefined) return processor;
  throw invalidConfig(
    field,
    type,
    `an image processor of ${[...PROCESSORS.keys()].join(", ")}, such as CLIPImageProcessor`,
  );
}

/** Refuses what would change the values and is not done here. Off is as good as absent. */
function refuseUnknown(file: ConfigFile): void {
  for (const [field, value] of Object.entries(file)) {
    if (!KNOWN.has(field) && value !== null && value !== false)
      throw invalidConfig(field, value, "no such option of an image processor");
  }
  const format = stringField(file, "data_format") ?? "channels_first";
  if (format !== "channels_first") throw invalidConfig("data_format", format, '"channels_first"');
}

/** `size` or `crop_size`: a number, two of them, `{ height, width }` or `{ shortest_edge }`. */
function sizeField(file: ConfigFile, field: string, square: boolean): RowsColumns | number | null {
  const value = file[field];
  if (value === undefined || value === null) return null;
  if (typeof value === "number")
    return square ? wholeSize(field, [value, value]) : side(field, value);
  if (Array.isArray(value)) return wholeSize(field, numbersField(file, field) ?? []);
  const keys = isObject(value) ? Object.keys(value).filter((key) => value[key] !== null) : [];
  const named = isObject(value) ? value : {};
  if (keys.length === 1 && keys[0] === "shortest_edge")
    return side(field, numberField(named, "shortest_edge") ?? 0);
  if (keys.length === 2 && "height" in named && "width" in named) {
    const [height, width] = [numberField(named, "height"), numberField(named, "width")];
    return wholeSize(field, [height ?? 0, width ?? 0]);
  }
  throw invalidConfig(field, value, "a number, { height, width } or { shortest_edge }");
}

const side = (field: string, size: number): number => wholeSize(field, [size, size])[0];

function cropOf(file: ConfigFile, processor: Processor): RowsColumns | null {
  if (!(flagField(file, "do_center_crop") ?? processor.crop !== null)) return null;
  const crop = sizeField(file, "crop_size", true) ?? processor.crop;
  if (crop === null || typeof crop === "number")
    throw invalidConfig("crop_size", file["crop_size"], "a number or { height, width }");
  return crop;
}

function resampleOf(file: ConfigFile): Interpolation | undefined {
  const number = numberField(file, "resample");
  const interpolation = RESAMPLES.get(number ?? -1);
  if (number !== undefined && interpolation === undefined)
    throw invalidConfig(
      "resample",
      number,
      "0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic)",
    );
  return interpolation;
}

/** How the picture comes to its size, and that it always comes to the same. */
function geometryOf(
  file: ConfigFile,
  processor: Processor,
): Pick<PreprocessConfig, "size" | "resizeTo" | "fit"> {
  const crop = cropOf(file, processor);
  if (!(flagField(file, "do_resize") ?? true)) {
    if (crop !== null) return { size: crop, resizeTo: crop, fit: "none" };
    throw invalidConfig(
      "do_resize",
      false,
      "true, as do_center_crop is false: pictures differ in size",
    );
  }
  const square = flagField(file, "default_to_square") ?? processor.square;
  const to = sizeField(file, "size", square) ?? processor.size;
  if (typeof to !== "number") return { size: crop ?? to, resizeTo: to, fit: "stretch" };
  if (crop !== null) return { size: crop, resizeTo: [to, to], fit: "cover" };
  throw invalidConfig(
    "do_center_crop",
    false,
    "true, as size names the shortest side: pictures differ in size",
  );
}

/**
 * What `preprocessor_config.json` asks for: `CLIP`, `ViT`, `Siglip`, `DeiT` and `Bit` (DINOv2) image processors and feature
 * extractors, with the defaults of their classes where the file is silent. The computation is that of the classes that
 * transformers 5 loads by default (torchvision's); their `...Pil` twins resize as Pillow does and differ by one in a few
 * bytes. Where a processor does not convert colors (`do_convert_rgb`), pictures are converted beforehand as its
 * documentation does: `image.convert("RGB")`.
 * @param model `channels` that it reads, and `modelType` of `config.json`, for files that name no processor
 * @throws PrismaError CONFIG_INVALID for other processors and for options that are not followed here
 * @example
 * transformersPreprocess({}, { channels: 3, modelType: "clip" }).interpolation; // "bicubic"
 */
export function transformersPreprocess(
  file: ConfigFile,
  model: { readonly channels: number; readonly modelType?: string },
): PreprocessConfig {
  const processor = processorOf(file, model.modelType);
  refuseUnknown(file);
  const normalizes = flagField(file, "do_normalize") ?? true;
  const constant = (value: number): readonly number[] => Array<number>(model.channels).fill(value);
  const rescales = flagField(file, "do_rescale") ?? true;
  const convertRgb = flagField(file, "do_convert_rgb") ?? processor.convertRgb;
  return {
    channels: model.channels,
    ...geometryOf(file, processor),
    interpolation: resampleOf(file) ?? processor.interpolation,
    mean: normalizes ? perChannel(file, "image_mean", processor.mean, model.channels) : constant(0),
    std: normalizes ? deviations(file, "image_std", processor.std, model.channels) : constant(1),
    library: "transformers",
    alpha: convertRgb ? "white" : "drop",
    rescale: rescales ? positiveField(file, "rescale_factor", 1 / 255) : 1,
  };
}
