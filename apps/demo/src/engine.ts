// The model behind the page: loads it on a device, reads pictures with it. No other file touches it.
import { loadModel, type AttentionKind, type ReferenceSet } from "@prisma/analysis";
import { init, type Device, type Tensor } from "@prisma/tensor";
import type { FolderSource, Pixels, ViT } from "@prisma/vit";
import type { Picture, TokenLayout } from "@prisma/viz";
import type { GreyPicture } from "./compose-scene.ts";
import { examineModel, headMeans, measureHeads } from "./examine-model.ts";
import type { HeadEdit } from "./head-edits.ts";
import { createWorker } from "./create-worker.ts";
import { hubFolder, type ModelChoice } from "./model-choice.ts";
import { modelFolder } from "./model-folder.ts";
import type { LoadHandle } from "./model-state.ts";
import type { Question } from "./question.ts";

/** The two kinds of device. */
export type DeviceKind = "wasm" | "webgpu";

/** What the page needs to know of the model. */
export interface ModelFacts {
  /** Whether it is the page's own, trained on the garments it shows. */
  readonly shipped: boolean;
  /** Whether the labels are the visitor's: texts that a CLIP or SigLIP pair compares pictures with. */
  readonly zeroShot: boolean;
  readonly labels: readonly string[];
  readonly tokens: TokenLayout;
  readonly layers: number;
  readonly heads: number;
  /** SHA-256 of the weights in hex. */
  readonly weights: string;
  /** Whether the weights were drawn, not trained. */
  readonly random: boolean;
  /** Scenes whose mean a cut head writes. */
  readonly meanOf: number;
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

/** One token's likeliest classes, as read from the residual stream at some layer. */
export interface LensAnswer {
  /** Class numbers, likeliest first. */
  readonly classes: readonly number[];
  readonly probabilities: readonly number[];
}

/** Attention between all tokens in one measure: `[layers, heads, tokens, tokens]`. */
export interface MeasuredAttention {
  readonly kind: AttentionKind;
  readonly values: Float32Array;
}

/** What is asked of a picture. */
export interface Asked {
  readonly question: Question;
  readonly edits: readonly HeadEdit[];
  readonly attention: AttentionKind;
}

/** What decides between two classes in one picture, with some edits of heads. */
export interface Examination {
  readonly logits: Float32Array;
  /** Shares of attention, `[layers, heads, tokens, tokens]`. */
  readonly pattern: Float32Array;
  /** The same in the measure that was asked for. */
  readonly attention: MeasuredAttention;
  /** What each head, and last the MLP, of each layer writes toward the question: `[layers, heads + 1]`. */
  readonly contributions: Float32Array;
  /** What the embeddings and biases write; with `contributions` it sums to the margin. */
  readonly rest: number;
  /** `[layers + 1][tokens]`: of the embeddings, then after each layer. */
  readonly lens: readonly (readonly LensAnswer[])[];
  /** Margin of the question read from CLS at the embeddings and after each layer: `[layers + 1]`. */
  readonly margins: Float32Array;
}

/** Numbers of every head for one picture, of the model as it is. */
export interface HeadNumbers {
  /** What each head, and last the MLP, of each layer writes toward the question: `[layers, heads + 1]`. */
  readonly contributions: Float32Array;
  /** Change of the question's margin when one head at a time writes its mean: `[layers, heads]`. */
  readonly effects: Float32Array;
}

/** The pictures of a scene: what the model sees, and what edits patch from. */
export interface ExaminedPictures {
  readonly image: Blob | GreyPicture;
  readonly second: GreyPicture | null;
}

/** Stops long work, and is told how far it is. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A loaded model on a device. */
export interface Engine {
  readonly model: ModelFacts;
  readonly device: DeviceFacts;
  read(image: Blob | GreyPicture): Promise<Reading>;
  /** What decides the question in a picture, with edits made. */
  examine(pictures: ExaminedPictures, asked: Asked): Promise<Examination>;
  /** What every head writes toward the question in a picture, and what cutting it does. */
  measure(image: Blob | GreyPicture, question: Question, watch: Watch): Promise<HeadNumbers>;
  /** The same model with random weights, drawn once; it lives as long as this one. */
  twin(): Promise<Engine>;
  dispose(): void;
}

/** What is started: a model, on a device; null leaves the choice of it to the library. */
export interface Start extends Partial<LoadHandle> {
  readonly device: DeviceKind | null;
  readonly model: ModelChoice;
  /** What a model that reads texts too is to tell apart. */
  readonly labels: readonly string[];
}

/** Loads a model onto a device. */
export type StartEngine = (start: Start) => Promise<Engine>;

/** Loads a model onto a device of its own. */
export const startEngine: StartEngine = (start) =>
  inTurn(async () => {
    const { device: kind, model } = start;
    const device = await init({
      worker: createWorker,
      ...(kind === null ? {} : { device: kind }),
    });
    try {
      const { vit, zeroShot } = await openModel(start);
      const weights = await vit.weightHash();
      return new ViTEngine({
        vit,
        zeroShot,
        device,
        weights,
        random: false,
        shipped: model.kind === "shipped",
      });
    } catch (error) {
      await device.dispose();
      throw error;
    }
  });

function sourceOf(model: ModelChoice): FolderSource {
  if (model.kind === "shipped") return modelFolder().href;
  return model.kind === "hub" ? hubFolder(model.id) : model.files;
}

/** The model; a pair of towers for pictures and texts answers with `labels`. */
async function openModel({
  model,
  labels,
  device: _device,
  ...handle
}: Start): Promise<{ readonly vit: ViT; readonly zeroShot: boolean }> {
  const source = sourceOf(model);
  const signal = handle.signal === undefined ? {} : { signal: handle.signal };
  // Fetched only by those who open another model.
  const zeroShot =
    model.kind !== "shipped" && (await (await import("@prisma/clip")).isClip(source, signal));
  const texts = zeroShot ? { texts: labels } : {};
  return { vit: await loadModel(source, { ...handle, ...texts }), zeroShot };
}

let lastTask: Promise<unknown> = Promise.resolve();

/** Runs tasks one after another: `init` decides where new tensors live, so no start may cross a read. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = lastTask.then(task);
  lastTask = result.catch(() => undefined);
  return result;
}

/** Scenes for the mean: all for the shipped model; fewer for others, which may take a second for each. */
const SCENES = { shipped: 100, other: 10 } as const;

/** The first `count` shipped scenes. */
async function loadScenes(vit: ViT, count: number): Promise<Tensor> {
  const folder = new URL("scenes/", modelFolder());
  const response = await fetch(new URL("scenes.json", folder));
  if (!response.ok) throw new Error(`scenes.json could not be loaded: ${response.status}`);
  const scenes = (await response.json()) as readonly { readonly file: string }[];
  return vit.preprocess(scenes.slice(0, count).map(({ file }) => new URL(file, folder).href));
}

/** Draws the weights of the twin. */
const TWIN_SEED = 1;

/** What an engine is made of. */
interface EngineParts {
  readonly vit: ViT;
  readonly device: Device;
  /** Hash of the weights. */
  readonly weights: string;
  readonly random: boolean;
  readonly shipped: boolean;
  readonly zeroShot: boolean;
}

class ViTEngine implements Engine {
  readonly model: ModelFacts;
  readonly device: DeviceFacts;
  readonly #vit: ViT;
  readonly #device: Device;
  #reference: Promise<ReferenceSet> | null = null;
  #twin: Promise<Engine> | null = null;

  constructor({ vit, device, weights, random, shipped, zeroShot }: EngineParts) {
    this.#vit = vit;
    this.#device = device;
    this.device = { kind: device.kind, description: `${device.info.description}.` };
    this.model = {
      shipped,
      zeroShot,
      labels: labelsOf(vit),
      tokens: vit.tokens,
      layers: vit.config.nLayers,
      heads: vit.config.nHeads,
      weights,
      random,
      meanOf: shipped ? SCENES.shipped : SCENES.other,
    };
  }

  twin(): Promise<Engine> {
    this.#twin ??= inTurn(() => this.#drawTwin()).catch((error: unknown) => {
      this.#twin = null;
      throw error;
    });
    return this.#twin;
  }

  async #drawTwin(): Promise<Engine> {
    const vit = await this.#vit.randomTwin({ seed: TWIN_SEED });
    const weights = await vit.weightHash();
    const { shipped, zeroShot } = this.model;
    return new ViTEngine({ vit, device: this.#device, weights, random: true, shipped, zeroShot });
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

  examine({ image, second }: ExaminedPictures, asked: Asked): Promise<Examination> {
    return inTurn(async () => {
      const reference = await this.#referenceMeans();
      using input = await this.#vit.preprocess(image);
      using other = second === null ? null : await this.#vit.preprocess(second);
      const sources = { reference, second: other };
      return await examineModel(this.#vit, input, { ...asked, sources });
    });
  }

  measure(image: Blob | GreyPicture, question: Question, watch: Watch): Promise<HeadNumbers> {
    return inTurn(async () => {
      watch.signal.throwIfAborted();
      const reference = await this.#referenceMeans();
      using input = await this.#vit.preprocess(image);
      return await measureHeads(this.#vit, input, { question, reference, ...watch });
    });
  }

  /** Computed once; a failure is tried again the next time. */
  #referenceMeans(): Promise<ReferenceSet> {
    this.#reference ??= loadScenes(this.#vit, this.model.meanOf)
      .then((scenes) => headMeans(this.#vit, scenes))
      .catch((error: unknown) => {
        this.#reference = null;
        throw error;
      });
    return this.#reference;
  }

  dispose(): void {
    void this.#reference?.then((reference) => reference.dispose());
    void this.#twin?.then((twin) => twin.dispose());
    this.#vit.dispose();
    if (!this.model.random) void this.#device.dispose();
  }
}

/** Names of what the model tells apart; a model without a head gives features. */
function labelsOf({ labels, config }: ViT): readonly string[] {
  const headless = config.returnType === "pre_logits";
  const count = headless ? config.dModel : config.nClasses;
  return (
    labels ?? Array.from({ length: count }, (_, at) => `${headless ? "feature" : "class"} ${at}`)
  );
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
