// The tests' own forward pass against the logits that PyTorch computed in float64.
import { expect, test } from "vitest";
import { referenceForward } from "./fixtures/reference-vit.ts";
import {
  expectedLogits,
  readGreyPng,
  shippedConfig,
  shippedScenes,
  shippedTensors,
} from "./fixtures/shipped-model.ts";

test("the reference agrees with PyTorch on shipped scenes to float32's rounding", () => {
  const weights = shippedTensors("model.safetensors");
  const config = shippedConfig();
  for (const scene of [0, 41, 97]) {
    const { data } = readGreyPng(`scenes/${shippedScenes()[scene]!.file}`);
    const { logits, pattern } = referenceForward(weights, config, data);
    const expected = expectedLogits(scene);
    logits.forEach((logit, at) => expect(Math.abs(logit - expected[at]!)).toBeLessThan(5e-7));
    for (let row = 0; row < pattern.length; row += 33) {
      const sum = pattern.subarray(row, row + 33).reduce((total, weight) => total + weight, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
    }
  }
});
