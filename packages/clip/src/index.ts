// The public surface of @prisma/clip.
export { isClip, type ClipFiles, type ClipSource } from "./clip-files.ts";
export { Clip, type ClipParts, type EncodeTextOptions, type TextInput } from "./clip.ts";
export { type EncodeOptions } from "./encode.ts";
export { IMAGENET_TEMPLATES } from "./imagenet-templates.ts";
export {
  loadClip,
  loadZeroShot,
  type LoadClipOptions,
  type LoadZeroShotOptions,
} from "./load-clip.ts";
export { type TextConfig, type TextPooling } from "./text-config.ts";
export { TextTransformer, type TextParts } from "./text-transformer.ts";
export { type Cleaning } from "./tokenizer/clean-text.ts";
export {
  createTokenizer,
  Tokenizer,
  type TokenizeOptions,
  type TokenizerFiles,
  type TokenizerOptions,
} from "./tokenizer/tokenizer.ts";
export { type JsonObject } from "./tokenizer/tokenizer-file.ts";
export { ZeroShotViT, type ZeroShotOptions } from "./zero-shot.ts";
