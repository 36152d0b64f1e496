// The public surface of @prisma/clip.
export { IMAGENET_TEMPLATES } from "./imagenet-templates.ts";
export { type Cleaning } from "./tokenizer/clean-text.ts";
export {
  createTokenizer,
  Tokenizer,
  type TokenizeOptions,
  type TokenizerFiles,
  type TokenizerOptions,
} from "./tokenizer/tokenizer.ts";
