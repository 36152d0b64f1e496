// The browser the tests run in offers what the suites rely on.
import { expect, test } from "vitest";

test("pages are cross-origin isolated, so that SharedArrayBuffer exists", () => {
  expect(crossOriginIsolated).toBe(true);
  expect(new SharedArrayBuffer(8).byteLength).toBe(8);
});

test("WebGPU gives an adapter and a device", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  expect(device?.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
  device?.destroy();
});
