// Composed scenes against the shipped ones, pixel by pixel.
import { expect, test } from "vitest";
import { composeScene } from "../src/compose-scene.ts";
import { readGreyPng, shippedScenes } from "./fixtures/shipped-model.ts";

const garment = (index: number) => readGreyPng(`garments/${String(index).padStart(3, "0")}.png`);

test("every shipped scene is composed to the pixel", () => {
  const scenes = shippedScenes();
  expect(scenes).toHaveLength(100);
  for (const { file, left, right, brighter } of scenes) {
    const composed = composeScene(garment(left), garment(right), brighter);
    expect([file, composed]).toEqual([file, readGreyPng(`scenes/${file}`)]);
  }
});

test("garments of two sizes are refused", () => {
  const wide = { data: new Uint8Array(2), width: 2, height: 1 };
  const small = { data: new Uint8Array(1), width: 1, height: 1 };
  expect(() => composeScene(wide, small, "left")).toThrow("not 2 x 1 and 1 x 1");
});
