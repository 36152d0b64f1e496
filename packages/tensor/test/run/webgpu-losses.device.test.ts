// Devices lost at random points of a forward and a backward pass: DEVICE_LOST within two seconds, no number of the lost device, the same bits afterwards.
import { init, realize, scope, uniform, valueAndGrad, type Tensor } from "@prisma/tensor";
import { gpuEntry } from "#gpu-entry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebGpuDevice } from "../../src/device/webgpu/webgpu-device.ts";
import { Device } from "../../src/run/devices.ts";
import { RandomSource } from "../fuzz/random-source.ts";
import { outcome, run } from "./outcomes.ts";
import type { Computation } from "./small-transformer.ts";

const adapterHere = (await (await gpuEntry())?.requestAdapter()) ?? null;
/** Of each computation: ten in all. */
const LOSSES = 5;
const info = { description: "", threads: null, adapter: "test", fusedMultiplyAdd: true };

const input = (device: Device): Tensor => uniform([20, 30], { seed: 1, device });
const weights = (device: Device): Tensor => uniform([30, 10], { seed: 2, device });
const classify = (x: Tensor, w: Tensor): Tensor => x.layerNorm().matmul(w).softmax();

const forward: Computation = (device) =>
  scope(() => [classify(input(device), weights(device)), input(device).softmax()]);
const backward: Computation = (device) =>
  scope(() => {
    const loss = (w: Tensor): Tensor => classify(input(device), w).square().mean();
    const { value, gradient } = valueAndGrad(loss)(weights(device));
    return [value, gradient];
  });

const COMPUTATIONS: readonly (readonly [name: string, Computation])[] = [
  ["a forward pass", forward],
  ["a backward pass", backward],
];

/** A graphics device that is destroyed just before one of the calls made to it. */
interface Doomed {
  readonly gpu: GPUDevice;
  /** Destroys it before call number `call` from now. */
  arm(call: number): void;
  /** Calls made so far. */
  readonly calls: () => number;
}

function doomedDevice(gpu: GPUDevice): Doomed {
  let [calls, last] = [0, Infinity];
  const double = new Proxy(gpu, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parts: unknown[]): unknown => {
        if (++calls === last) target.destroy();
        return Reflect.apply(value, target, parts) as unknown;
      };
    },
  });
  return { gpu: double, arm: (call) => (last = calls + call), calls: () => calls };
}

describe.skipIf(adapterHere === null)("devices lost at random points", () => {
  const opened: Doomed[] = [];
  const request = async (): Promise<GPUDevice> => {
    const gpu = await (await (await gpuEntry())!.requestAdapter())!.requestDevice();
    opened.push(doomedDevice(gpu));
    return latest().gpu;
  };
  const latest = (): Doomed => opened[opened.length - 1]!;
  afterAll(() => opened.forEach(({ gpu }) => gpu.destroy()));

  describe.each(COMPUTATIONS)("of %s", (_, computation) => {
    let device: Device;
    let bits: string[];
    /** Calls that one such pass makes. */
    let calls: number;
    beforeAll(async () => {
      device = new Device(new WebGpuDevice(info, { cpu: true }, await request(), request));
      bits = await run(device, computation);
      const before = latest().calls();
      expect(await run(device, computation)).toEqual(bits);
      calls = latest().calls() - before;
    });
    afterAll(() => device.dispose());

    test.each(Array.from({ length: LOSSES }, (__, i) => i))("loss %i", async (loss) => {
      // Every other device has run before: its pipelines are there, and tensors of its own.
      const kept = loss % 2 === 0 ? computation(device) : [];
      await realize(...kept);
      const { epoch } = device.port;
      const call = new RandomSource(loss).between(1, calls);
      latest().arm(call);
      const results = computation(device);
      for (const one of await Promise.all(results.map((x) => outcome(x))))
        expect(one, `call ${call} of ${calls}`).toBe("DEVICE_LOST");
      await expect.poll(() => device.port.epoch).toBe(epoch + 1);
      await device.port.pending;
      for (const x of kept) expect(await outcome(x), "what was there").toBe("DEVICE_LOST");
      for (const x of [...kept, ...results]) x.dispose();

      // The other devices are lost again before they have run.
      const after = loss % 2 === 0 ? bits : await run(device, computation);
      expect(after).toEqual(bits);
      expect(device.port.memory()).toMatchObject({ buffers: 0, bytes: 0 });
    });
  });

  test("a new init gives the same bits as one before the loss", async () => {
    const bits: string[][] = [];
    for (let round = 0; round < 2; round++) {
      const device = await init({ device: await request() });
      bits.push(await run(device, forward));
      latest().gpu.destroy();
      await device.dispose();
    }
    expect(bits[1]).toEqual(bits[0]);
  });
});
