// The devices that suites run on: WebAssembly always, WebGPU where this machine has an adapter, software or not.
import {
  init,
  maybeCurrentDevice,
  PrismaError,
  type Device,
} from "../packages/tensor/src/index.ts";
import { afterAll, beforeAll, describe } from "vitest";

async function hasWebGpu(): Promise<boolean> {
  try {
    await (await init({ device: "webgpu" })).dispose();
    return true;
  } catch (error) {
    if (error instanceof PrismaError && error.code === "DEVICE_UNAVAILABLE") return false;
    throw error;
  }
}

const kinds: readonly (readonly [kind: "wasm" | "webgpu", there: boolean])[] = [
  ["wasm", true],
  ["webgpu", await hasWebGpu()],
];

/** Declares `body` once per device, which is the current one while its tests run. */
export function onEachDevice(body: (kind: "wasm" | "webgpu") => void): void {
  for (const [kind, there] of kinds) {
    describe.skipIf(!there)(`on ${kind}`, () => {
      let device: Device | null = null;
      beforeAll(async () => {
        device = await init({ device: kind });
      });
      afterAll(async () => {
        // A test may have made another one current.
        for (const one of new Set([device, maybeCurrentDevice()])) await one?.dispose();
      });
      body(kind);
    });
  }
}
