// What configurations of transformers' CLIP and SigLIP have in common: a section for each tower.
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import { objectIn } from "./fields.ts";

/** The section `name` of a model's configuration; older files repeat it as `name_dict`, which counts. */
export function sectionOf(config: JsonObject, name: string): JsonObject {
  return { ...objectIn(config, name), ...objectIn(config, `${name}_dict`) };
}
