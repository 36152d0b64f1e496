// Failures on WebGPU: every tensor that depends on one says so however often it is read, and all others are right.
import { PrismaError, uniform, type Tensor } from "@prisma/tensor";
import { gpuEntry } from "#gpu-entry";
import { describe, expect, test } from "vitest";
import { WebGpuDevice } from "../../src/device/webgpu/webgpu-device.ts";
import { Device } from "../../src/run/devices.ts";

const adapterHere = (await (await gpuEntry())?.requestAdapter()) ?? null;
const STORAGE = 0x80;

async function requestDevice(): Promise<GPUDevice> {
  return (await (await gpuEntry())!.requestAdapter())!.requestDevice();
}

/** `gpu` with methods of its own instead of some of its. */
function withMethods(gpu: GPUDevice, own: Partial<GPUDevice>): GPUDevice {
  return new Proxy(gpu, {
    get(target, name) {
      if (name in own) return Reflect.get(own, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** `gpu` whose `fail`-th storage buffer, counted from `arm`, cannot be had: it is unusable, and its error scope says so. */
function failingDevice(gpu: GPUDevice): { readonly gpu: GPUDevice; arm(fail: number): void } {
  let left = Infinity;
  let failed = false;
  const createBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const buffer = gpu.createBuffer(descriptor);
    if ((descriptor.usage & STORAGE) === 0 || --left !== 0) return buffer;
    failed = true;
    buffer.destroy();
    return buffer;
  };
  const popErrorScope = async (): Promise<GPUError | null> => {
    const report = failed;
    failed = false;
    return (await gpu.popErrorScope()) ?? (report ? { message: "no memory (test)" } : null);
  };
  return { gpu: withMethods(gpu, { createBuffer, popErrorScope }), arm: (fail) => (left = fail) };
}

const info = { description: "", threads: null, adapter: "test", fusedMultiplyAdd: true };

async function attempt(x: Tensor): Promise<ArrayLike<number> | string> {
  try {
    return await x.data();
  } catch (error) {
    return error instanceof PrismaError ? error.code : String(error);
  }
}

interface Program {
  readonly before: Tensor;
  readonly product: Tensor;
  readonly softmax: Tensor;
  readonly scaled: Tensor;
}

/** `before` is independent of the others; those are links of a chain. */
function program(device: Device): Program {
  const before = uniform([50], { seed: 1, device });
  const product = uniform([40, 30], { seed: 5, device }).matmul(
    uniform([30, 20], { seed: 6, device }),
  );
  const softmax = product.softmax();
  return { before, product, softmax, scaled: softmax.mul(2) };
}

const open = (gpu: GPUDevice): Device =>
  new Device(new WebGpuDevice(info, { cpu: true }, gpu, requestDevice));

describe.skipIf(adapterHere === null)("failures on WebGPU", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("allocation number %i", async (k) => {
    const [plain, double] = [await requestDevice(), failingDevice(await requestDevice())];
    const [good, bad] = [open(plain), open(double.gpu)];
    const expected = Object.values(program(good)) as Tensor[];
    const bits = await Promise.all(expected.map((x) => x.data()));

    const tensors = Object.values(program(bad)) as Tensor[];
    await tensors[0]!.realize();
    double.arm(k);
    // Realized one after another without waiting: the failure becomes known only after all are queued.
    for (const x of tensors.slice(1)) await x.realize();
    for (let round = 0; round < 2; round++)
      for (const [i, x] of tensors.entries())
        expect([bits[i], "OUT_OF_MEMORY"], `tensor ${i}, round ${round}`).toContainEqual(
          await attempt(x),
        );
    expect(await attempt(tensors[0]!), "what was there before").toEqual(bits[0]);
    const failures = await Promise.all(tensors.map(attempt));
    expect(failures.includes("OUT_OF_MEMORY")).toBe(k <= 5);
    tensors.forEach((x) => x.dispose());
    expect(bad.port.memory().buffers).toBe(0);
    const again = Object.values(program(bad)) as Tensor[];
    for (const [i, x] of again.entries()) expect(await attempt(x)).toEqual(bits[i]);
    await good.dispose();
    await bad.dispose();
  });

  test("a shader that is refused: its kernel is named, and nothing else suffers", async () => {
    const gpu = await requestDevice();
    let broken = false;
    const createShaderModule = ({ code }: GPUShaderModuleDescriptor): GPUShaderModule =>
      gpu.createShaderModule({ code: broken ? "fn main( {" : code });
    const device = open(withMethods(gpu, { createShaderModule }));
    const before = uniform([50], { seed: 1, device });
    const bits = await before.data();
    broken = true;
    const product = before
      .reshape([10, 5])
      .matmul(before.reshape([5, 10]))
      .named("scores");
    const scaled = product.mul(2);
    await product.realize();
    broken = false;
    for (let round = 0; round < 2; round++)
      for (const x of [product, scaled])
        await expect(x.data()).rejects.toMatchObject({
          code: "KERNEL_FAILED",
          kind: "INTERNAL",
          message: expect.stringContaining("scores"),
        });
    expect(await before.data()).toEqual(bits);
    const after = before.mul(2);
    expect(await after.data()).toEqual(bits.map((value) => 2 * value));
    for (const x of [before, product, scaled, after]) x.dispose();
    await device.dispose();
  });
});
