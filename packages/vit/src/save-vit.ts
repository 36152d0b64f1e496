// A ViT as files of our own layout, which `loadViT` reads back.
import { writeSafetensors, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "./config.ts";
import type { ConfigFile } from "./families/family.ts";
import type { PreprocessConfig } from "./images/preprocess-config.ts";
import { parameterShapes } from "./parameter-shapes.ts";

/** What is saved of a model. */
export interface ViTToSave {
  readonly config: ViTConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  readonly preprocess: PreprocessConfig | null;
  readonly processing?: readonly string[];
}

/** A model saved: a source of `loadViT`, and the same as files of a folder. */
export interface SavedViT {
  readonly config: ConfigFile;
  /** A safetensors file, by the names of `model.parameters`. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** `config.json` and `model.safetensors`. */
  readonly files: ReadonlyMap<"config.json" | "model.safetensors", Uint8Array<ArrayBuffer>>;
}

/** `config.json`: the fields of the configuration, and what else the model knows. */
function configFile({ config, labels, preprocess, processing = [] }: ViTToSave): ConfigFile {
  // Size and channels of pictures are those of the configuration.
  const {
    channels: _channels,
    size: _size,
    ...scaling
  } = preprocess ?? {
    channels: 0,
    size: config.imageSize,
  };
  return {
    ...config,
    ...(labels === null ? {} : { labels }),
    ...(preprocess === null ? {} : { preprocess: scaling }),
    ...(processing.length === 0 ? {} : { processing }),
  };
}

/**
 * The files of `model`.
 * @throws PrismaError DISPOSED, OUT_OF_MEMORY, DEVICE_LOST
 */
export async function saveViT(model: ViTToSave): Promise<SavedViT> {
  const config = configFile(model);
  // In the order of the computation, so that a model gives the same bytes however it was loaded.
  const names = [...parameterShapes(model.config).keys()];
  const ordered = names.flatMap((name) => {
    const parameter = model.parameters.get(name);
    return parameter === undefined ? [] : [[name, parameter] as const];
  });
  const weights = await writeSafetensors(new Map(ordered), new Map([["format", "prisma"]]));
  const text = new TextEncoder().encode(`${JSON.stringify(config, null, 1)}\n`);
  return {
    config,
    weights,
    files: new Map([
      ["config.json", text],
      ["model.safetensors", weights],
    ]),
  };
}
