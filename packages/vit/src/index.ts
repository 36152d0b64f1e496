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
export { linear, same, scaledBy, stacked, zero, type WeightSource } from "./families/family.ts";
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
export { centerHead } from "./process/center-head.ts";
export { centerWritingWeights } from "./process/center-writing-weights.ts";
export { foldLayerNorm } from "./process/fold-layer-norm.ts";
export { foldValueBiases } from "./process/fold-value-biases.ts";
export { type ModelWeights, type ProcessingName } from "./process/model-weights.ts";
export { refactorAttention } from "./process/refactor-attention.ts";
export { readCheckpoint, type ReadCheckpointOptions } from "./read-checkpoint.ts";
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
