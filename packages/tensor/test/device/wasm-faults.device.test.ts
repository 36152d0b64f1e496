// Dead workers, refused memory, traps and cancellations: coded errors, nothing wrong returned, and work goes on.
import { expect, it } from "vitest";
import { createInlineEngine } from "../../src/device/wasm/inline-engine.ts";
import { WasmDevice } from "../../src/device/wasm/wasm-device.ts";
import { Assembler } from "../../src/codegen/wasm/assembler.ts";
import type { WorkerHandle } from "../../src/device/wasm/worker-handle.ts";
import {
  addition,
  compute,
  difference,
  inlineDevice,
  launch,
  numbers,
  product,
  readAll,
  workerDevice,
} from "./wasm-engines.ts";

/** Fails after two seconds: no promise may stay open longer. */
function soon<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error("not settled within 2 s")), 2000),
  );
  return Promise.race([promise, late]);
}

/** Makes a worker end by an error that nothing catches. */
function crash(worker: WorkerHandle): void {
  // A launch command without launches.
  worker.post({ type: "launch" }, []);
}

it.each([0, 1, 2, 3, 4])(
  "settles what is pending when the coordinator dies, and starts anew, time %i",
  async (time) => {
    const workers: WorkerHandle[] = [];
    const device = workerDevice(1 + (time % 2), workers);
    const one = product(197, 300, 64);
    const expected = await compute(device, one);
    const kept = device.allocate(400);
    crash(workers[0]!);
    const pending = [compute(device, one), compute(device, one)];
    for (const promise of pending) {
      await expect(soon(promise)).rejects.toMatchObject({
        code: "WORKER_FAILED",
        kind: "DEVICE_LOST",
        retryable: true,
        details: { labels: ["product 197x300"] },
      });
    }
    expect(device.epoch).toBe(1);
    await expect(device.read(kept, 0, 4)).rejects.toMatchObject({ code: "DEVICE_LOST" });
    expect(() => device.write(kept, new Float32Array(1))).toThrow(
      expect.objectContaining({ code: "DEVICE_LOST" }),
    );
    expect(device.memory()).toMatchObject({ buffers: 0, bytes: 0 });
    expect(difference(await soon(compute(device, one)), expected)).toBeNull();
    await device.dispose();
  },
);

it("gives up a launch that was prepared before the loss", async () => {
  const workers: WorkerHandle[] = [];
  const device = workerDevice(1, workers);
  const { kernel } = addition(10, 1);
  const prepared = device.prepare(kernel);
  crash(workers[0]!);
  await expect(soon(compute(device, addition(10, 2)))).rejects.toMatchObject({
    code: "WORKER_FAILED",
  });
  const buffers = [device.allocate(40), device.allocate(40)];
  expect(() => device.launch([{ prepared, buffer: (id) => buffers[id]! }], [])).toThrow(
    expect.objectContaining({ code: "DEVICE_LOST" }),
  );
  await device.dispose();
});

it("reports memory that cannot grow on what depends on it, and on nothing else", async () => {
  const device = inlineDevice(new WebAssembly.Memory({ initial: 16, maximum: 64 }));
  const [small, big] = [device.allocate(4000), device.allocate(2 ** 24)];
  const [sum, copy] = [device.allocate(4000), device.allocate(4000)];
  const { kernel } = addition(1000, 1);
  device.write(small, numbers(1000, 0));
  device.write(big, numbers(2 ** 22, 0));
  launch(device, kernel, [big, sum]);
  launch(device, kernel, [sum, copy]);
  for (const buffer of [big, sum, copy])
    await expect(device.read(buffer, 0, 4)).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      retryable: true,
    });
  expect(await readAll(device, small)).toEqual(numbers(1000, 0));
  for (const buffer of [big, sum, copy]) device.release(buffer);
  const again = device.allocate(4000);
  launch(device, kernel, [small, again]);
  expect((await readAll(device, again))[0]).toBe(Math.fround(numbers(1, 0)[0]! + 1));
  await device.dispose();
});

it("reports addresses beyond 4 GiB, and goes on below", async () => {
  const device = inlineDevice();
  const most = device.allocate(2 ** 32 - 2 ** 17);
  expect(() => device.allocate(2 ** 20)).toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY" }),
  );
  device.release(most);
  const one = addition(100, 2);
  expect((await compute(device, one))[0]).toBe(Math.fround(numbers(1, 0)[0]! + 2));
  await device.dispose();
});

it("names the kernel that trapped, and keeps what it did not touch", async () => {
  const trap = new Assembler(["i32", "i32", "i32", "i32"])
    .i32(1)
    .i32(0)
    .op("i32.div_u", "drop")
    .assemble({ shared: false });
  const device = new WasmDevice({
    info: { description: "", threads: 1, adapter: null, fusedMultiplyAdd: false },
    target: { shared: false, relaxed: false },
    start: () => {
      const engine = createInlineEngine();
      // The second module is replaced by one that divides by zero.
      return {
        ...engine,
        send: (command) =>
          engine.send(
            command.type === "module" && command.module === 1
              ? { ...command, bytes: trap }
              : command,
          ),
      };
    },
  });
  const good = await compute(device, addition(100, 1));
  await expect(compute(device, product(10, 10, 10))).rejects.toMatchObject({
    code: "KERNEL_FAILED",
    details: { labels: ["product 10x10"] },
  });
  expect(await compute(device, addition(100, 1))).toEqual(good);
  await device.dispose();
});

it("stops a run between slices when its signal says so, and computes the next one", async () => {
  const device = workerDevice(2);
  const one = product(500, 500, 500);
  const expected = await compute(device, one);
  const buffers = one.sizes.map((size) => device.allocate(4 * size));
  buffers.slice(0, 2).forEach((buffer, i) => device.write(buffer, numbers(one.sizes[i]!, i)));
  const prepared = device.prepare(one.kernel);
  const controller = new AbortController();
  const long = Array.from({ length: 2000 }, () => ({
    prepared,
    buffer: (id: number) => buffers[id]!,
  }));
  device.launch(long, [], controller.signal);
  const stopped = device.read(buffers[2]!, 0, 4);
  setTimeout(() => controller.abort(), 20);
  await expect(soon(stopped)).rejects.toMatchObject({ code: "CANCELLED" });
  for (const buffer of buffers) device.release(buffer);
  expect(difference(await soon(compute(device, one)), expected)).toBeNull();
  expect(() => device.launch([], [], controller.signal)).toThrow(
    expect.objectContaining({ code: "CANCELLED" }),
  );
  await device.dispose();
});
