// The public surface of @prisma/analysis.
export { ablate, type AblateOptions, type Ablation, type AblationSweep } from "./ablate.ts";
export {
  attentionMaps,
  type AttentionKind,
  type AttentionMaps,
  type AttentionMapsOptions,
} from "./attention-maps.ts";
export {
  attributeLogits,
  type AttributeLogitsOptions,
  type LogitAttribution,
} from "./attribute-logits.ts";
export { type AttributeBy } from "./attribute-logits-splits.ts";
export { type Classifier } from "./classifier.ts";
export type {
  Edit,
  EditedPart,
  EditKind,
  EditPosition,
  FromEdit,
  KnockoutEdit,
  MeanEdit,
  ResampleEdit,
  ZeroEdit,
} from "./edit.ts";
export { editHooks, type EditHooks } from "./edit-hooks.ts";
export { type EditableModel } from "./editable-model.ts";
export { editSource, type EditSource, type EditSources } from "./edit-sources.ts";
export {
  eraseRegion,
  type EraseRegionOptions,
  type Picture,
  type PictureRegion,
} from "./erase-region.ts";
export { knockOutAttention, type KnockOutAttentionOptions } from "./knock-out-attention.ts";
export { loadModel, type LoadModelOptions, type ModelSource } from "./load-model.ts";
export { type Metric, type MetricOptions } from "./metric.ts";
export { overImages, type ImageStatistics } from "./over-images.ts";
export {
  patchActivations,
  type ActivationPatching,
  type PatchActivationsOptions,
  type PatchInputs,
  type PatchWhat,
} from "./patch-activations.ts";
export { referenceMeans, ReferenceSet, type ReferenceMeansOptions } from "./reference-means.ts";
export { logitLens, type LogitLens, type LogitLensOptions } from "./logit-lens.ts";
export { type LikeliestClass } from "./logit-lens-cells.ts";
export { type AnalysisOptions, type Axis, type LabelledValues, type Provenance } from "./result.ts";
export {
  testImage,
  type ImageAnswer,
  type ImageClassifier,
  type TestImageOptions,
} from "./test-image.ts";
export { type ImageTargets, type Target } from "./target.ts";
export { topK, type ClassRow } from "./top-k.ts";
