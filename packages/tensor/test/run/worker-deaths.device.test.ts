// Workers that fail at random points of a forward and a backward pass: coded errors within two seconds, no number of the dead, the same bits afterwards.
import { init } from "@prisma/tensor";
import { spawnWorker } from "#worker-port";
import { describe, expect, test } from "vitest";
import type { WorkerHandle } from "../../src/device/wasm/worker-handle.ts";
import { WORKER_SOURCE } from "../../src/device/wasm/worker-source.ts";
import { Device } from "../../src/run/devices.ts";
import { faultyWorker, type WorkerFault } from "../device/faulty-worker.ts";
import { workerDevice } from "../device/wasm-engines.ts";
import { RandomSource } from "../fuzz/random-source.ts";
import { outcome, run, SOON } from "./outcomes.ts";
import { backward, forward, type Computation } from "./small-transformer.ts";

const inPage = typeof document !== "undefined";

/** Milliseconds after which Chromium ends a worker that never gives its thread back. */
const FORCED = inPage ? 2000 : 0;

/** What a fault ends in, and the most calls after which it strikes: a forward pass makes as many. */
const FAULTS: readonly (readonly [fault: WorkerFault, code: string, calls: number])[] = [
  ["end", "WORKER_FAILED", 12],
  ["throw", "WORKER_FAILED", 60],
  ["trap", "KERNEL_FAILED", 12],
  ["overflow", "KERNEL_FAILED", 12],
  ["grow", "OUT_OF_MEMORY", 1],
];

const COMPUTATIONS: readonly (readonly [name: string, Computation])[] = [
  ["a forward pass", forward],
  ["a backward pass", backward],
];

/** A device whose first coordinator fails; those that replace it do not. */
function faultyDevice(threads: number, fault: WorkerFault, call: number): Device {
  const spawn = (number: number): WorkerHandle =>
    number === 0 ? faultyWorker(fault, call) : spawnWorker(WORKER_SOURCE);
  return new Device(workerDevice(threads, [], spawn));
}

/** Locks that the page waits for: one of each worker of whose end it would hear. */
async function watchedLocks(): Promise<readonly string[]> {
  const { pending = [] } = await navigator.locks.query();
  return pending.flatMap(({ name }) => name ?? []);
}

/** Resolves once the page would hear of the end of `count` workers more than `before`. Node always does. */
async function expectWatched(count: number, before: readonly string[]): Promise<void> {
  const added = async (): Promise<number> =>
    (await watchedLocks()).filter((name) => !before.includes(name)).length;
  await expect.poll(added, { timeout: 20_000 }).toBe(count);
}

async function expectFreshDevice(threads: number, computation: Computation): Promise<string[]> {
  const device = await init({ device: "wasm", threads });
  const bits = await run(device, computation);
  await device.dispose();
  return bits;
}

const shared = typeof SharedArrayBuffer !== "undefined";
const random = new RandomSource(20261123);

describe.each([1, 2])("with %i threads", (threads) => {
  for (const [name, computation] of COMPUTATIONS)
    for (const [fault, code, calls] of FAULTS) {
      const call = random.between(1, calls);
      test.skipIf(threads > 1 && !shared)(`${fault} at call ${call} of ${name}`, async () => {
        const healthy = new Device(workerDevice(threads));
        const bits = await run(healthy, computation);
        const fresh = await expectFreshDevice(threads, computation);
        const device = faultyDevice(threads, fault, call);

        const results = computation(device);
        const outcomes = await Promise.all(results.map((x) => outcome(x)));
        expect(outcomes, "something failed").toContain(code);
        outcomes.forEach((one, i) => expect([bits[i], code]).toContain(one));
        const dead = code === "WORKER_FAILED";
        expect(device.port.epoch).toBe(dead ? 1 : 0);
        // Read again: what failed fails, and of a dead device nothing is left.
        const again = await Promise.all(results.map((x) => outcome(x)));
        expect(again).toEqual(outcomes.map((one) => (dead ? "DEVICE_LOST" : one)));
        results.forEach((result) => result.dispose());

        expect(await run(device, computation), "the same device").toEqual(bits);
        expect(device.port.memory()).toMatchObject({ buffers: 0, bytes: 0 });
        expect(await expectFreshDevice(threads, computation), "a new one").toEqual(fresh);
        await device.dispose();
        await healthy.dispose();
      });
    }
});

test.skipIf(!shared)("a helper that ends without a word", async () => {
  const workers: WorkerHandle[] = [];
  const before = inPage ? await watchedLocks() : [];
  const device = new Device(workerDevice(2, workers));
  const bits = await run(device, forward);
  // The coordinator does not wait for a helper that starts late; one that ends before it was there is nobody's loss.
  if (inPage) await expectWatched(2, before);
  const results = forward(device);
  const pending = results.map((x) => outcome(x, SOON + FORCED));
  await Promise.resolve();
  workers[1]!.terminate();
  for (const [i, one] of (await Promise.all(pending)).entries())
    expect([bits[i], "WORKER_FAILED"]).toContain(one);
  await expect.poll(() => device.port.epoch, { timeout: SOON + FORCED }).toBe(1);
  for (const x of results) expect(await outcome(x)).toMatch(/WORKER_FAILED|DEVICE_LOST/);
  results.forEach((x) => x.dispose());
  expect(await run(device, forward)).toEqual(bits);
  await device.dispose();
});
