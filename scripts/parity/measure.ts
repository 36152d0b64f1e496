// Prints, as JSON, how far every golden set is from PyTorch on every device of this machine.
import { readdir } from "node:fs/promises";
import { init, PrismaError } from "../../packages/tensor/src/index.ts";
import { repositoryFile } from "../../test/repository-file.ts";
import { goldenErrors, type SetErrors } from "./golden-errors.ts";

/** Errors on one device. */
export interface DeviceErrors {
  readonly kind: "wasm" | "webgpu";
  readonly description: string;
  readonly sets: readonly SetErrors[];
}

async function goldenSets(): Promise<readonly string[]> {
  const folder = repositoryFile("packages/vit/test/golden/");
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const files = await readdir(new URL(`${entry.name}/`, folder));
    if (files.includes("golden.json")) found.push(entry.name);
  }
  return found.sort();
}

async function measureOn(kind: "wasm" | "webgpu"): Promise<DeviceErrors | null> {
  try {
    const device = await init({ device: kind });
    const sets: SetErrors[] = [];
    for (const set of await goldenSets()) sets.push(await goldenErrors(set));
    const { description } = device.info;
    await device.dispose();
    return { kind, description, sets };
  } catch (error) {
    if (error instanceof PrismaError && error.code === "DEVICE_UNAVAILABLE") return null;
    throw error;
  }
}

const devices = [await measureOn("wasm"), await measureOn("webgpu")];
console.log(JSON.stringify(devices.filter((device) => device !== null)));
