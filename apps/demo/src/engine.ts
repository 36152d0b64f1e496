// The model behind the page: loads it on a device, reads pictures with it. No other file touches it.
import type { Picture, TokenLayout } from "@prisma/viz";
import type { GreyPicture } from "./compose-scene.ts";

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
