// The model behind the page: loads it on a device, reads pictures with it. No other file touches it.
import { init, type Device } from "@prisma/tensor";
import { loadViT, type Pixels, type ViT } from "@prisma/vit";
import type { Picture, TokenLayout } from "@prisma/viz";
import type { GreyPicture } from "./compose-scene.ts";
import { createWorker } from "./create-worker.ts";
import { modelFolder } from "./model-folder.ts";

/** The two kinds of device. */
export type DeviceKind = "wasm" | "webgpu";

/** What the page needs to know of the model. */
export interface ModelFacts {
  readonly labels: readonly string[];
  readonly tokens: TokenLayout;
  readonly layers: number;
  readonly heads: number;
}

/** The device in use: what it is, and why this one. */
export interface DeviceFacts {
  readonly kind: DeviceKind;
  /** One sentence: what computes, and why this device. */
  readonly description: string;
}

/** What the model made of one picture. */
export interface Reading {
  /** What the model saw, 0 to 255. */
  readonly picture: Picture;
  /** One per label. */
  readonly logits: Float32Array;
  /** `[layers, heads, tokens, tokens]`; each row sums to one. */
  readonly pattern: Float32Array;
}

/** A loaded model on a device. */
export interface Engine {
  readonly model: ModelFacts;
  readonly device: DeviceFacts;
  read(image: Blob | GreyPicture): Promise<Reading>;
  dispose(): void;
}

/** Starts an engine on a device; null leaves the choice to it. */
export type StartEngine = (choice: DeviceKind | null) => Promise<Engine>;

/** Loads the shipped model onto a device. */
export const startEngine: StartEngine = (choice) =>
  inTurn(async () => {
    const device = await init({
      worker: createWorker,
      ...(choice === null ? {} : { device: choice }),
    });
    try {
      return new ViTEngine(await loadViT(modelFolder().href), device);
    } catch (error) {
      await device.dispose();
      throw error;
    }
  });

let lastTask: Promise<unknown> = Promise.resolve();

/** Runs tasks one after another: `init` decides where new tensors live, so no start may cross a read. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = lastTask.then(task);
  lastTask = result.catch(() => undefined);
  return result;
}

class ViTEngine implements Engine {
  readonly model: ModelFacts;
  readonly device: DeviceFacts;
  readonly #vit: ViT;
  readonly #device: Device;

  constructor(vit: ViT, device: Device) {
    this.#vit = vit;
    this.#device = device;
    this.device = { kind: device.kind, description: `${device.info.description}.` };
    this.model = {
      labels: vit.labels ?? Array.from({ length: vit.config.nClasses }, (_, id) => `class ${id}`),
      tokens: vit.tokens,
      layers: vit.config.nLayers,
      heads: vit.config.nHeads,
    };
  }

  read(image: Blob | GreyPicture): Promise<Reading> {
    return inTurn(() => this.#read(image));
  }

  async #read(image: Blob | GreyPicture): Promise<Reading> {
    const seen = await this.#vit.preprocess(image, { details: true });
    using input = seen.input; // [1, C, H, W]
    using run = await this.#vit.runWithCache(input, { names: "blocks.*.attn.hook_pattern" });
    const patterns = Array.from({ length: this.model.layers }, (_, layer) =>
      run.cache.get(`blocks.${layer}.attn.hook_pattern`).data(),
    ); // each [1, H, P, P]
    const [logits, ...weights] = await Promise.all([run.output.data(), ...patterns]);
    return {
      picture: toPicture(seen.images[0]?.picture),
      logits: Float32Array.from(logits),
      pattern: joined(weights),
    };
  }

  dispose(): void {
    this.#vit.dispose();
    void this.#device.dispose();
  }
}

/** The picture the model saw, in the shape figures draw. */
function toPicture(seen: Pixels | undefined): Picture {
  if (seen === undefined) throw new Error("the model returned no picture of what it saw");
  const { data, width, height, channels } = seen;
  return { data, shape: channels === 1 ? [height, width] : [height, width, channels] };
}

function joined(parts: readonly ArrayLike<number>[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
