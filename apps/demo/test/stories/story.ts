// The page on the slow float64 reference instead of the engine, to look at and design with. Open
// /test/stories/ on the development server; it is no part of the built page.
import { modelFolder } from "../../src/model-folder.ts";
import { openPage } from "../../src/open-page.tsx";
import type { Engine, Reading, StartEngine } from "../../src/engine.ts";
import { readTensors, referenceForward } from "../fixtures/reference-vit.ts";
import type { TimmConfig } from "../fixtures/reference-vit.ts";

const startReference: StartEngine = async (choice): Promise<Engine> => {
  if (choice === "webgpu")
    throw new Error("DEVICE_UNAVAILABLE: this story has no GPU; the CPU stays in use.");
  const config = (await (await fetch(new URL("config.json", modelFolder()))).json()) as TimmConfig;
  const weights = readTensors(
    await (await fetch(new URL("model.safetensors", modelFolder()))).arrayBuffer(),
  );
  const [height, width] = config.model_args.img_size;
  const size = config.model_args.patch_size;
  const grid = [height / size, width / size] as const;
  const patches = Array.from({ length: grid[0] * grid[1] }, (_, patch) => 1 + patch);
  return {
    model: {
      labels: config.label_names,
      tokens: { cls: 0, registers: [], patches, grid },
      layers: config.model_args.depth,
      heads: config.model_args.num_heads,
    },
    device: {
      kind: "wasm",
      description: "CPU, plain float64 loops, because this is a story, not the engine.",
    },
    async read(image): Promise<Reading> {
      if (image instanceof Blob)
        throw new Error("IMAGE_UNREADABLE: this story reads garments only; choose two.");
      const { logits, pattern } = referenceForward(weights, config, image.data);
      return {
        picture: { shape: [height, width], data: image.data },
        logits: Float32Array.from(logits),
        pattern: Float32Array.from(pattern),
      };
    },
    dispose() {},
  };
};

openPage(startReference);
