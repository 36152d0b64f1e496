// Test setup: a test that leaves more or fewer live device buffers than it found fails.
import { afterEach, beforeEach, expect } from "vitest";

// Where the package does not load, its own tests say so; here there is then nothing to count.
const tensor: object = await import("../packages/tensor/src/index.ts").catch(() => ({}));
let before = 0;

beforeEach(() => {
  before = liveBuffers();
});

afterEach(() => {
  expect(liveBuffers(), "live device buffers after the test").toBe(before);
});

function liveBuffers(): number {
  const memory: unknown = Reflect.get(tensor, "memory");
  if (typeof memory !== "function") return 0;
  const { buffers }: { buffers: unknown } = memory();
  if (typeof buffers !== "number") throw new Error("memory() does not tell the number of buffers");
  return buffers;
}
