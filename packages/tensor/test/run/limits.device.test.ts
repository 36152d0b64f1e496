// Limits so low that kernels are cut up: same bits as without them, and one coded error where nothing can be cut.
import { realize, scope, uniform, zeros, type Device } from "@prisma/tensor";
import { describe, expect, test, vi } from "vitest";
import type { DeviceLimits } from "../../src/device/device.ts";
import { buffersRead, buffersWritten } from "../../src/schedule/kernel-buffers.ts";
import { hasAdapter, limitedGpu, type ClaimedLimits } from "./limited-gpu.ts";
import { bitsOf, changed, LARGE, OF_CASES, on, RANDOM, type Program, VALUES } from "./programs.ts";

/** Milliseconds for everything in a row on a busy machine. */
const PATIENCE = 120_000;
const ALL = [...OF_CASES, ...LARGE, ...RANDOM];

/** Makes `device` schedule within `limits`. */
function limit({ port }: Device, limits: Partial<DeviceLimits>): void {
  Object.defineProperty(port, "limits", { value: { ...port.limits, ...limits } });
}

/** The bits of `programs`, and the most distinct buffers that one of their kernels touched. */
async function watched(
  { port }: Device,
  programs: readonly Program[],
): Promise<{ readonly most: number; readonly bits: Awaited<ReturnType<typeof bitsOf>> }> {
  const launch = vi.spyOn(port, "launch");
  const bits = await bitsOf(programs);
  const counts = launch.mock.calls.flatMap(([launches]) =>
    launches.map(
      ({ prepared: { kernel } }) =>
        new Set([...buffersRead(kernel), ...buffersWritten(kernel)]).size,
    ),
  );
  launch.mockRestore();
  return { most: Math.max(...counts), bits };
}

describe("few buffers a kernel on WebAssembly", () => {
  const options = { device: "wasm", threads: 1 } as const;

  test("at most 8, and at most 4", { timeout: PATIENCE }, async () => {
    const expected = await on(options, (device) => watched(device, ALL));
    expect(expected.most).toBeGreaterThan(8);
    for (const buffersPerKernel of [8, 4]) {
      await on(options, async (device) => {
        limit(device, { buffersPerKernel });
        const { most, bits } = await watched(device, ALL);
        expect(changed(bits, expected.bits)).toEqual([]);
        expect(most).toBeLessThanOrEqual(buffersPerKernel);
      });
    }
  });
});

const requestDevice = async (limits: ClaimedLimits): Promise<GPUDevice> =>
  (await limitedGpu(limits)).gpu;

describe.skipIf(!hasAdapter)("low limits on WebGPU", () => {
  const programs = [...VALUES, ...LARGE];

  test("4 buffers a kernel, and 16 workgroups in a row", { timeout: PATIENCE }, async () => {
    const limits = { maxStorageBuffersPerShaderStage: 4, maxComputeWorkgroupsPerDimension: 16 };
    const expected = await on({ device: await requestDevice({}) }, () => bitsOf(programs));
    await on({ device: await requestDevice(limits) }, async (device) => {
      const { most, bits } = await watched(device, programs);
      expect(changed(bits, expected)).toEqual([]);
      expect(most).toBeLessThanOrEqual(4);
    });
  });

  test("buffers of 64 KiB: what fits is computed, what does not names both sizes, and nothing is left behind", async () => {
    const device = await requestDevice({ maxBufferSize: 65_536 });
    await on({ device }, async ({ port }) => {
      using fits = scope(() => uniform([128, 128], { seed: 1 }).mul(2).sum());
      expect(await fits.item()).toBeGreaterThan(0);
      const { buffers } = port.memory();
      using tooLarge = scope(() => uniform([128, 129], { seed: 1 }).mul(2));
      using onTheWay = scope(() =>
        uniform([130, 130], { seed: 1 })
          .matmul(zeros([130, 2]))
          .sum(),
      );
      for (const x of [tooLarge, onTheWay])
        await expect(realize(x)).rejects.toMatchObject({
          code: "SIZE_LIMIT",
          kind: "LIMIT",
          message: expect.stringMatching(/(66048|67600) bytes.*65536/),
        });
      expect(port.memory().buffers).toBe(buffers);
      expect(await fits.item()).toBeGreaterThan(0);
    });
  });
});
