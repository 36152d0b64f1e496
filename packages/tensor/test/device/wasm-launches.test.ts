// Launches on the WebAssembly device leave nothing behind: what one kept in scratch is not taken for another's.
import { expect, it } from "vitest";
import { createWasmDevice } from "../../src/device/wasm/create-wasm-device.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { ContractKernel } from "../../src/schedule/kernel.ts";

const [ROWS, COLUMNS, DEPTH] = [40, 200, 30];

/** Buffer 2 is buffer 0 times the transpose of buffer 1. */
const PRODUCT: ContractKernel = {
  family: "contract",
  batch: [],
  m: [ROWS],
  n: [COLUMNS],
  k: [DEPTH],
  labels: [],
  a: { buffer: 0, form: denseForm([ROWS, DEPTH]) },
  b: { buffer: 1, form: denseForm([COLUMNS, DEPTH]) },
  stores: [
    {
      buffer: 2,
      dtype: "f32",
      value: { kind: "value", dtype: "f32", kernel: 0, value: 0, form: denseForm([]) },
      form: denseForm([ROWS, COLUMNS]),
    },
  ],
};

it("multiplies what an operand holds now, not what it held at the launch before", async () => {
  const device = await createWasmDevice({ reason: "a test asks for it" });
  const buffers = [ROWS * DEPTH, COLUMNS * DEPTH, ROWS * COLUMNS].map((size) =>
    device.allocate(4 * size),
  );
  device.write(buffers[1]!, new Float32Array(COLUMNS * DEPTH).fill(1));
  const prepared = device.prepare(PRODUCT);
  for (const value of [1, 2, 3]) {
    device.write(buffers[0]!, new Float32Array(ROWS * DEPTH).fill(value));
    device.launch([{ prepared, buffer: (id) => buffers[id]! }], []);
    const result = new Float32Array(await device.read(buffers[2]!, 0, 4 * ROWS * COLUMNS));
    expect(new Set(result)).toEqual(new Set([value * DEPTH]));
  }
  await device.dispose();
});
