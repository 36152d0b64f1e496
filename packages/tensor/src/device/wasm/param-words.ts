// Parameter words of a launch: sizes and strides known since rendering, offsets and numbers known now.
import type { ParamWord } from "../../codegen/program.ts";
import { evaluateAffine } from "../../graph/affine.ts";

const bits = new DataView(new ArrayBuffer(4));

/** A number as the 32 bits of `dtype`. */
function wordOf(value: number, dtype: "f32" | "i32" | "u32"): number {
  if (dtype !== "f32") return value >>> 0;
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

/** The values of `words` for the plan's numbers of this run. */
export function paramWords(words: readonly ParamWord[], slots: readonly number[]): number[] {
  return words.map((word) => {
    switch (word.kind) {
      case "u32":
        return word.value;
      case "affine":
        return evaluateAffine(word.value, slots) >>> 0;
      case "slot":
        return wordOf(slots[word.slot] ?? Number.NaN, word.dtype);
    }
  });
}
