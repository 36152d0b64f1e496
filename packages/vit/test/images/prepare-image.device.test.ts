// Preprocessing gives the bytes and floats of timm, torchvision and Pillow, for every kind of picture and configuration.
import { expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { timm } from "../../src/families/timm.ts";
import { prepareImage } from "../../src/images/prepare-image.ts";
import type { PreprocessConfig } from "../../src/images/preprocess-config.ts";
import { goldenFolder, readExpected, readJson } from "../golden-set.ts";

interface PreprocessIndex {
  readonly files: readonly string[];
  readonly configs: Readonly<
    Record<string, { readonly input_size: readonly [number, number, number] }>
  >;
  readonly cases: readonly {
    readonly id: string;
    readonly picture: string;
    readonly config: string;
    readonly cropped: string;
    readonly output: string;
  }[];
}

const folder = goldenFolder("preprocess");

/** What a checkpoint with this `pretrained_cfg` asks for. */
function configOf(index: PreprocessIndex, name: string): PreprocessConfig {
  const pretrained = index.configs[name]!;
  const [channels, ...size] = pretrained.input_size;
  const model = { img_size: size, in_chans: channels, patch_size: 4 };
  const config = {
    architecture: "vit_tiny_patch16_224",
    model_args: model,
    pretrained_cfg: pretrained,
  };
  return timm.read({ config, preprocessor: null }).preprocess!;
}

onEachDevice(() => {
  test("every picture, cropped and scaled, to the bit", async () => {
    const index = await readJson<PreprocessIndex>(new URL("preprocess.json", folder));
    const expected = await readExpected(folder, index.files);
    const wrong: string[] = [];
    for (const { id, picture, config, cropped, output } of index.cases) {
      const found = await prepareImage(new URL(picture, folder), configOf(index, config));
      const same = (name: string, values: ArrayLike<number>): boolean => {
        const want = expected.get(name)!.values;
        return (
          want.length === values.length &&
          want.every((value: number, i: number) => value === values[i])
        );
      };
      if (!same(cropped, found.picture.data)) wrong.push(`${id}: pixels`);
      if (!same(output, found.values)) wrong.push(`${id}: values`);
    }
    expect(wrong).toEqual([]);
    expect(index.cases.length).toBeGreaterThan(15);
  });
});
