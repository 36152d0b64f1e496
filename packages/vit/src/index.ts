// The public surface of @prisma/vit.
export { type Checkpoint } from "./checkpoints/checkpoint.ts";
export { listCheckpoints, type ListCheckpointsOptions } from "./checkpoints/list-checkpoints.ts";
export {
  createConfig,
  type ActivationName,
  type ClassificationType,
  type ViTConfig,
  type ViTConfigInput,
} from "./config.ts";
export { createViT, type CreateViTOptions } from "./create-vit.ts";
export {
  linear,
  same,
  scaledBy,
  stacked,
  zero,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./families/family.ts";
export {
  encoderWeights,
  HF_CLIP_BLOCK,
  OPEN_CLIP_BLOCK,
  OPEN_CLIP_SCALED_BLOCK,
  type BlockNames,
} from "./families/hf-blocks.ts";
export { normWeights } from "./families/block-weights.ts";
export { hfClipVision } from "./families/hf-clip-vision.ts";
export { HIDDEN_ACTS } from "./families/hf-fields.ts";
export { hfSiglipVision } from "./families/hf-siglip-vision.ts";
export { openClipVision } from "./families/open-clip-vision.ts";
export { fillParameters, type FillOptions, type LoadProgress } from "./fill-parameters.ts";
export { notFiniteWarning } from "./find-not-finite.ts";
export { layerNorm } from "./layer-norm.ts";
export { type ImageInput, type RawImage } from "./images/image-input.ts";
export { type Pixels } from "./images/pixels.ts";
export { type Box } from "./images/prepare-image.ts";
export { openClipPreprocess } from "./images/open-clip-preprocess.ts";
export { transformersPreprocess } from "./images/transformers-preprocess.ts";
export { type PreprocessConfig, type PreprocessLibrary } from "./images/preprocess-config.ts";
export { type Interpolation } from "./images/resample-filter.ts";
export { loadViT, type LoadViTOptions, type ViTFiles, type ViTSource } from "./load-vit.ts";
export { type PositionInterpolation } from "./interpolate-positions.ts";
export { centerHead } from "./process/center-head.ts";
export { centerWritingWeights } from "./process/center-writing-weights.ts";
export { foldLayerNorm } from "./process/fold-layer-norm.ts";
export { foldValueBiases } from "./process/fold-value-biases.ts";
export { type ModelWeights, type ProcessingName } from "./process/model-weights.ts";
export { refactorAttention } from "./process/refactor-attention.ts";
export { readCheckpoint, type ReadCheckpointOptions } from "./read-checkpoint.ts";
export { readWeightFiles } from "./read-weight-files.ts";
export { inFolder, isFolder, readFile, type FileAddress, type FolderSource } from "./read-file.ts";
export { type SavedViT } from "./save-vit.ts";
export { type PreprocessDetails, type SeenImage } from "./preprocess.ts";
export {
  blockHooks,
  blockShapes,
  COSTLY_HOOKS,
  transformerBlock,
  type BlockConfig,
  type BlockParts,
} from "./transformer-block.ts";
export { type ViTParts } from "./vit-model.ts";
export { ViT } from "./vit.ts";
