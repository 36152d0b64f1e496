// Faults of WebGPU: a lost device, a failed allocation. Coded errors, nothing returned, and the same bits afterwards.
import { PrismaError, uniform, type Tensor } from "@prisma/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gpuEntry } from "#gpu-entry";
import { WebGpuDevice } from "../../src/device/webgpu/webgpu-device.ts";
import { Device } from "../../src/run/devices.ts";

const adapterHere = (await (await gpuEntry())?.requestAdapter()) ?? null;

async function requestDevice(): Promise<GPUDevice> {
  const adapter = await (await gpuEntry())!.requestAdapter();
  return adapter!.requestDevice({
    requiredLimits: {
      maxBufferSize: adapter!.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter!.limits.maxStorageBufferBindingSize,
    },
  });
}

/** `gpu` whose `fail`-th buffer (counted from `arm`) is reported as out of memory. */
function failingDevice(gpu: GPUDevice): { readonly gpu: GPUDevice; arm(fail: number): void } {
  let left = Infinity;
  let failed = false;
  const double = new Proxy(gpu, {
    get(target, name) {
      if (name === "createBuffer") {
        return (descriptor: GPUBufferDescriptor) => {
          failed = --left === 0;
          return target.createBuffer(descriptor);
        };
      }
      if (name === "popErrorScope") {
        const report = failed;
        failed = false;
        return async () => {
          const real = await target.popErrorScope();
          return report ? { message: "no memory (test)" } : real;
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { gpu: double, arm: (fail) => (left = fail) };
}

const info = {
  description: "WebGPU under test",
  threads: null,
  adapter: "test",
  fusedMultiplyAdd: true,
};

function program(device: Device): Tensor {
  return uniform([40, 30], { seed: 5, device })
    .matmul(uniform([30, 20], { seed: 6, device }))
    .softmax();
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `a value: ${String(await promise)}`;
  } catch (error) {
    return error instanceof PrismaError ? error.code : String(error);
  }
}

describe.skipIf(adapterHere === null)("WebGPU faults", () => {
  const opened: GPUDevice[] = [];
  let device: Device;
  let double: ReturnType<typeof failingDevice>;
  const open = async (): Promise<GPUDevice> => {
    const gpu = await requestDevice();
    opened.push(gpu);
    return gpu;
  };
  beforeEach(async () => {
    double = failingDevice(await open());
    device = new Device(new WebGpuDevice(info, { cpu: true }, double.gpu, open));
  });
  afterEach(async () => {
    await device.dispose();
    opened.splice(0).forEach((gpu) => gpu.destroy());
  });

  test("a lost device settles what is pending with DEVICE_LOST, refuses its tensors, and comes back with the same bits", async () => {
    using before = program(device);
    const bits = await before.data();
    using second = before.mul(2);
    const pending = codeOf(second.data());
    opened[0]!.destroy();
    expect(await pending).toBe("DEVICE_LOST");
    expect(await codeOf(before.data())).toBe("DEVICE_LOST");
    using after = program(device);
    expect(await after.data()).toEqual(bits);
    expect(device.port.epoch).toBe(1);
  });

  test("ten losses at random points: never a number from a lost device", async () => {
    using first = program(device);
    const bits = await first.data();
    for (let round = 0; round < 10; round++) {
      using x = program(device);
      const result = x.data().then(
        (values) => expect(values).toEqual(bits),
        (error: unknown) => expect(error).toMatchObject({ code: "DEVICE_LOST" }),
      );
      for (let wait = 0; wait < round; wait++) await Promise.resolve();
      const gpu = opened[opened.length - 1]!;
      gpu.destroy();
      await result;
      await gpu.lost;
      using again = program(device);
      expect(await again.data()).toEqual(bits);
    }
  });

  test("every allocation of a program may fail: OUT_OF_MEMORY, and the next run is right", async () => {
    using first = program(device);
    const bits = await first.data();
    let failures = 0;
    for (let k = 1; k <= 6; k++) {
      // A pool that is empty: every buffer of the run is a new one.
      const fresh = failingDevice(await open());
      const other = new Device(new WebGpuDevice(info, { cpu: true }, fresh.gpu, open));
      fresh.arm(k);
      using x = program(other);
      const code = await codeOf(x.data());
      if (code === "OUT_OF_MEMORY") failures++;
      fresh.arm(Infinity);
      using again = program(other);
      expect(await again.data()).toEqual(bits);
      await other.dispose();
    }
    expect(failures).toBeGreaterThan(0);
  });

  test("a tensor larger than the adapter binds is refused at once, with both numbers", async () => {
    using x = uniform([2 ** 29], { seed: 1, device });
    expect(await codeOf(x.data())).toBe("SIZE_LIMIT");
  });
});
