// The devices that tests run on, each present or visibly skipped.
import { init, type Device, type InitOptions } from "@prisma/tensor";
import { afterAll, beforeAll, describe } from "vitest";

async function works(options: InitOptions): Promise<boolean> {
  try {
    await (await init(options)).dispose();
    return true;
  } catch {
    return false;
  }
}

const threads = typeof SharedArrayBuffer !== "undefined";

/** Names, options, and whether this machine has the device. */
export const DEVICES: readonly (readonly [name: string, options: InitOptions, present: boolean])[] =
  [
    ["WebAssembly, one thread", { device: "wasm", threads: 1 }, true],
    ["WebAssembly, two threads", { device: "wasm", threads: 2 }, threads],
    ["WebGPU", { device: "webgpu" }, await works({ device: "webgpu" })],
  ];

/** Runs `suite` once for every device; those that are missing are skipped and listed. */
export function onEachDevice(suite: (kind: Device["kind"]) => void): void {
  for (const [name, options, present] of DEVICES) {
    describe.skipIf(!present)(`on ${name}`, () => {
      let device: Device;
      beforeAll(async () => {
        device = await init(options);
      });
      afterAll(() => device.dispose());
      suite(options.device === "webgpu" ? "webgpu" : "wasm");
    });
  }
}
