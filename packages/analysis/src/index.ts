// The public surface of @prisma/analysis.
export { loadModel } from "./load-model.ts";
export {
  testImage,
  type ImageAnswer,
  type ImageClassifier,
  type TestImageOptions,
} from "./test-image.ts";
export { topK, type ClassRow } from "./top-k.ts";
