// Files of the libraries to how pictures are prepared: forms of sizes over the years, defaults, and refusals by name.
import { PrismaError } from "@prisma/tensor";
import { expect, test } from "vitest";
import { createConfig } from "../../src/config.ts";
import type { ConfigFile } from "../../src/families/family.ts";
import { openClipPreprocess } from "../../src/images/open-clip-preprocess.ts";
import { prismaPreprocess } from "../../src/images/prisma-preprocess.ts";
import { timmPreprocess } from "../../src/images/timm-preprocess.ts";
import { transformersPreprocess } from "../../src/images/transformers-preprocess.ts";

const ofTransformers = (file: ConfigFile, modelType?: string): unknown =>
  transformersPreprocess(file, { channels: 3, ...(modelType && { modelType }) });
const ofTimm = (file: ConfigFile): unknown =>
  timmPreprocess(file, { channels: 3, size: [224, 224] });
const ofPrisma = (section: ConfigFile): unknown =>
  prismaPreprocess(
    { mean: [0, 0, 0], std: [1, 1, 1], ...section },
    createConfig({ nLayers: 1, dModel: 4, nHeads: 1 }),
  );
const ofOpenClip = (file: ConfigFile): unknown => openClipPreprocess(file, 224);

const clip = { image_processor_type: "CLIPImageProcessor" };

test.each<[string, ConfigFile, object]>([
  [
    "a number, of CLIP",
    { ...clip, size: 336, crop_size: 336 },
    { fit: "cover", resizeTo: [336, 336], size: [336, 336] },
  ],
  [
    "the shortest side",
    { ...clip, size: { shortest_edge: 256 } },
    { fit: "cover", resizeTo: [256, 256], size: [224, 224] },
  ],
  [
    "the shortest side, no longest",
    { ...clip, size: { shortest_edge: 256, longest_edge: null } },
    { fit: "cover" },
  ],
  [
    "height and width",
    { ...clip, size: { height: 100, width: 200 } },
    { fit: "stretch", resizeTo: [100, 200] },
  ],
  ["two numbers", { ...clip, size: [100, 200] }, { fit: "stretch", resizeTo: [100, 200] }],
  ["no resizing", { ...clip, do_resize: false }, { fit: "none", size: [224, 224] }],
  [
    "a crop of height and width",
    { ...clip, crop_size: { height: 96, width: 160 } },
    { size: [96, 160] },
  ],
  [
    "nothing, of CLIP",
    clip,
    { interpolation: "bicubic", alpha: "white", rescale: 1 / 255, library: "transformers" },
  ],
  ["the fast class", { image_processor_type: "CLIPImageProcessorFast" }, { fit: "cover" }],
  [
    "a number, of ViT",
    { feature_extractor_type: "ViTFeatureExtractor", size: 384 },
    { fit: "stretch", size: [384, 384], interpolation: "bilinear", alpha: "drop" },
  ],
  [
    "of SigLIP",
    { image_processor_type: "SiglipImageProcessor", size: { height: 384, width: 384 } },
    { fit: "stretch", size: [384, 384], interpolation: "bicubic", mean: [0.5, 0.5, 0.5] },
  ],
  [
    "of DeiT",
    { feature_extractor_type: "DeiTFeatureExtractor" },
    { fit: "stretch", resizeTo: [256, 256], size: [224, 224] },
  ],
  [
    "of DINOv2",
    { image_processor_type: "BitImageProcessor", size: { shortest_edge: 256 } },
    { fit: "cover", resizeTo: [256, 256], size: [224, 224] },
  ],
  [
    "neither scaled nor normalised",
    { ...clip, do_rescale: false, do_normalize: false },
    { rescale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  ],
  [
    "options that are off",
    { ...clip, do_pad: false, do_flip_channel_order: false, pad_size: null },
    { fit: "cover" },
  ],
])("size by %s", (_what, file, expected) => {
  expect(ofTransformers(file)).toMatchObject(expected);
});

test.each([
  ["vit", "stretch"],
  ["deit", "stretch"],
  ["siglip", "stretch"],
  ["clip", "cover"],
  ["dinov2", "cover"],
])("a file that names no processor goes by the model: %s", (modelType, fit) => {
  expect(ofTransformers({ do_normalize: true }, modelType)).toMatchObject({ fit });
});

test("open_clip's defaults, and the model's size before the section's", () => {
  expect(ofOpenClip({ size: 99, mean: null })).toMatchObject({
    size: [224, 224],
    fit: "cover",
    interpolation: "bicubic",
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
    fill: [0, 0, 0],
  });
});

test("timm's defaults", () => {
  expect(ofTimm({})).toMatchObject({
    resizeTo: [256, 256],
    fit: "cover",
    interpolation: "bicubic",
    mean: [0.485, 0.456, 0.406],
  });
});

test.each([
  ["timm, with borders", timmPreprocess({ crop_mode: "border" }, { channels: 3, size: [48, 48] })],
  ["transformers", transformersPreprocess({ ...clip, rescale_factor: 1 / 127.5 }, { channels: 3 })],
  ["open_clip", openClipPreprocess({ resize_mode: "longest", fill_color: 9 }, 48)],
])(
  "what a checkpoint of %s asks for is the same after it is saved in our layout",
  (_what, config) => {
    const { channels, size, ...section } = config;
    const saved = JSON.parse(JSON.stringify(section)) as ConfigFile;
    const model = createConfig({
      nLayers: 1,
      dModel: 4,
      nHeads: 1,
      nChannels: channels,
      imageSize: size,
    });
    expect(prismaPreprocess(saved, model)).toEqual(config);
  },
);

test.each<[string, () => unknown, string]>([
  ["of ours, an unknown field", () => ofPrisma({ gamma: 2 }), "preprocess.gamma"],
  ["of ours, an unknown library", () => ofPrisma({ library: "keras" }), "library"],
  ["of ours, half a size", () => ofPrisma({ resizeTo: [4] }), "resizeTo"],
  ["of ours, one fill for three channels", () => ofPrisma({ fill: [1] }), "fill"],
  ["of ours, no mean", () => ofPrisma({ mean: undefined }), "mean"],
  [
    "a processor of another kind",
    () => ofTransformers({ image_processor_type: "LevitImageProcessor" }),
    "image_processor_type",
  ],
  [
    "a name out of the prototype",
    () => ofTransformers({ image_processor_type: "constructor" }),
    "image_processor_type",
  ],
  ["no processor, no model", () => ofTransformers({}), "feature_extractor_type"],
  ["an unknown model", () => ofTransformers({}, "swin"), "feature_extractor_type"],
  ["padding", () => ofTransformers({ ...clip, do_pad: true }), "do_pad"],
  ["an unknown option", () => ofTransformers({ ...clip, crop_pct: 0.9 }), "crop_pct"],
  [
    "a longest side",
    () => ofTransformers({ ...clip, size: { shortest_edge: 256, longest_edge: 400 } }),
    "size",
  ],
  ["a size of nothing", () => ofTransformers({ ...clip, size: {} }), "size"],
  ["a size of 0", () => ofTransformers({ ...clip, size: 0 }), "size"],
  ["a size of 1.5", () => ofTransformers({ ...clip, size: { shortest_edge: 1.5 } }), "size"],
  ["a text for a size", () => ofTransformers({ ...clip, size: "224" }), "size"],
  [
    "a crop by its shortest side",
    () => ofTransformers({ ...clip, crop_size: { shortest_edge: 224 } }),
    "crop_size",
  ],
  ["box resampling", () => ofTransformers({ ...clip, resample: 4 }), "resample"],
  [
    "sizes that differ from picture to picture",
    () => ofTransformers({ ...clip, do_center_crop: false }),
    "do_center_crop",
  ],
  ["neither resizing nor crop", () => ofTransformers({ do_resize: false }, "vit"), "do_resize"],
  ["a crop of no size", () => ofTransformers({ do_center_crop: true }, "vit"), "crop_size"],
  [
    "two means for three channels",
    () => ofTransformers({ ...clip, image_mean: [0, 0] }),
    "image_mean",
  ],
  ["a deviation of 0", () => ofTransformers({ ...clip, image_std: [1, 0, 1] }), "image_std"],
  ["a rescale factor of 0", () => ofTransformers({ ...clip, rescale_factor: 0 }), "rescale_factor"],
  ["channels last", () => ofTransformers({ ...clip, data_format: "channels_last" }), "data_format"],
  ["a flag that is a text", () => ofTransformers({ ...clip, do_resize: "yes" }), "do_resize"],
  ["open_clip in grey", () => ofOpenClip({ mode: "L" }), "preprocess_cfg.mode"],
  ["open_clip, nearest", () => ofOpenClip({ interpolation: "nearest" }), "interpolation"],
  ["open_clip, cropped", () => ofOpenClip({ resize_mode: "crop" }), "resize_mode"],
  ["open_clip, an unknown option", () => ofOpenClip({ sharpen: 1 }), "preprocess_cfg.sharpen"],
  ["open_clip, no size", () => openClipPreprocess({}, 0), "image_size"],
  ["open_clip, a deviation of 0", () => ofOpenClip({ std: [0, 1, 1] }), "std"],
  ["open_clip, a color below 0", () => ofOpenClip({ fill_color: -1 }), "fill_color"],
  ["timm, an unknown crop", () => ofTimm({ crop_mode: "zoom" }), "crop_mode"],
  ["timm, hamming", () => ofTimm({ interpolation: "hamming" }), "interpolation"],
  ["timm, a negative crop", () => ofTimm({ crop_pct: -1 }), "crop_pct"],
])("%s is refused by name", (_what, call, field) => {
  expect(call).toThrow(PrismaError);
  expect(call).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      details: expect.objectContaining({ field }),
    }),
  );
});
