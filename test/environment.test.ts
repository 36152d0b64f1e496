// Node finds a WebGPU adapter through Dawn wherever the bundled software driver is unpacked.
import { expect, test } from "vitest";
import { testBrowser } from "../scripts/test-browser.ts";

const hasDriver = Object.keys(testBrowser().nodeEnv).length > 0;

test.skipIf(!hasDriver)("Dawn gives an adapter and a device", async () => {
  const { create } = await import("webgpu");
  const adapter = await create([]).requestAdapter();
  const device = await adapter?.requestDevice();
  expect(device?.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
  device?.destroy();
});
