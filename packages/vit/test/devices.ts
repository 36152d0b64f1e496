// The devices that suites run on: WebAssembly always, WebGPU where this machine has an adapter, software or not.
import { init, PrismaError, type Device } from "@prisma/tensor";
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
    describe.skipIf(!there)(kind, () => {
      let device: Device | null = null;
      beforeAll(async () => {
        device = await init({ device: kind });
      });
      afterAll(() => device?.dispose());
      body(kind);
    });
  }
}
