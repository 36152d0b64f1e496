// Computing values: what is run, how often, what is kept, and what a cancelled run leaves behind.
import {
  arange,
  concat,
  currentDevice,
  explain,
  init,
  memory,
  PrismaError,
  readSafetensors,
  realize,
  scope,
  shareViews,
  tensor,
  uniform,
  where,
  writeSafetensors,
  zeros,
  type ByteSource,
  type Device,
  type Tensor,
} from "@prisma/tensor";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEVICES, onEachDevice } from "../each-device.ts";

/** Kernels launched while `run` ran. */
async function launchesOf(run: () => Promise<unknown>): Promise<number> {
  const launch = vi.spyOn(currentDevice().port, "launch");
  try {
    await run();
    return launch.mock.calls.reduce((sum, [launches]) => sum + launches.length, 0);
  } finally {
    launch.mockRestore();
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `a value: ${String(await promise)}`;
  } catch (error) {
    return error instanceof PrismaError ? error.code : String(error);
  }
}

/** A file whose reads wait to be let through. */
class GatedSource implements ByteSource {
  readonly name = "gated";
  readonly reads: { readonly signal: AbortSignal | undefined; readonly open: () => void }[] = [];
  gated = false;

  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly heedsSignal = true,
  ) {}

  async size(): Promise<number> {
    return this.bytes.length;
  }

  async read(
    begin: number,
    end: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (this.gated)
      await new Promise<void>((open, reject) => {
        this.reads.push({ signal, open });
        if (this.heedsSignal)
          signal?.addEventListener("abort", () =>
            reject(new PrismaError("CANCELLED", "the read was cancelled")),
          );
      });
    return this.bytes.slice(begin, end);
  }
}

/** Lets everything that waits for nothing happen. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

onEachDevice(() => {
  describe("what comes back", () => {
    test.each<[string, () => Tensor, ArrayBufferView, unknown]>([
      ["f32", () => tensor([[1.5, -2]]), Float32Array.of(1.5, -2), [[1.5, -2]]],
      ["i32", () => tensor(Int32Array.of(-3, 4)), Int32Array.of(-3, 4), [-3, 4]],
      [
        "u32",
        () => tensor(Uint32Array.of(2 ** 32 - 1)),
        Uint32Array.of(2 ** 32 - 1),
        [2 ** 32 - 1],
      ],
      ["bool", () => tensor([true, false]), Uint32Array.of(1, 0), [true, false]],
      ["a scalar", () => tensor(7), Float32Array.of(7), 7],
      ["a true one", () => tensor(true), Uint32Array.of(1), true],
      ["nothing", () => zeros([0]), new Float32Array(0), []],
      ["no rows", () => zeros([0, 3]), new Float32Array(0), []],
      ["empty rows", () => zeros([2, 0, 3]).add(1), new Float32Array(0), [[], []]],
      ["rank 8", () => zeros([1, 1, 1, 2, 1, 1, 1, 1]), new Float32Array(2), expect.anything()],
    ])("%s", async (_, make, data, nested) => {
      using x = scope(make);
      expect(await x.data()).toEqual(data);
      expect(await x.array()).toEqual(nested);
      expect(await x.data(), "again, from the device").toEqual(data);
    });

    test("views that are not dense are put in order", async () => {
      using x = await tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]).realize();
      const views = scope(() => [
        x.transpose(),
        x.flip([0, 1]),
        x.get([null, [1, 3]]),
        x.get([null, 2]),
        x
          .get([
            [1, 2],
            [1, 2],
          ])
          .expand([3, 1]),
      ]);
      await shareViews(...views);
      expect(await Promise.all(views.map((view) => view.array()))).toEqual([
        [
          [1, 4],
          [2, 5],
          [3, 6],
        ],
        [
          [6, 5, 4],
          [3, 2, 1],
        ],
        [
          [2, 3],
          [5, 6],
        ],
        [3, 6],
        [[5], [5], [5]],
      ]);
      expect(memory().buffers, "all in one buffer").toBe(1);
      views.forEach((view) => view.dispose());
    });

    test("what is read is a copy of the caller's own", async () => {
      using x = tensor([1, 2]);
      const first = await x.data();
      first[0] = 99;
      const values = Float32Array.of(5, 6);
      using y = tensor(values);
      values[0] = 0;
      expect([...(await x.data()), ...(await y.data())]).toEqual([1, 2, 5, 6]);
    });

    test("item gives the one value, whatever the rank", async () => {
      using x = tensor([[[2.5]]]);
      expect(await x.item()).toBe(2.5);
      for (const shape of [[2], [0], [1, 3]]) {
        using y = zeros(shape);
        await expect(y.item()).rejects.toMatchObject({
          code: "SHAPE_INVALID",
          message: expect.stringContaining(`[${shape.join(",")}]`),
        });
      }
    });
  });

  describe("what is run", () => {
    test("nothing, until a value is asked for; once, however often", async () => {
      using x = uniform([16], { seed: 1 });
      using y = x.exp();
      expect(await launchesOf(async () => void x.mul(2).dispose())).toBe(0);
      expect(await launchesOf(() => y.data())).toBe(1);
      expect(
        await launchesOf(async () => [await y.data(), await y.array(), await y.realize()]),
      ).toBe(0);
      expect(await launchesOf(() => x.data()), "x was not asked for, so it is computed").toBe(1);
    });

    test("askers at the same time share one run", async () => {
      using x = uniform([16], { seed: 1 });
      using y = scope(() => x.matmul(x.reshape([16, 1])).exp());
      const results: unknown[] = [];
      const count = await launchesOf(async () => {
        results.push(...(await Promise.all([y.data(), y.array(), y.data(), y.realize()])));
      });
      const kernels = explainedKernels(() => {
        const z = uniform([16], { seed: 2 });
        return [z.matmul(z.reshape([16, 1])).exp()];
      });
      expect(count).toBe(kernels);
      expect(results[0]).toEqual(results[2]);
      expect(results[3]).toBe(y);
    });

    test("several together share what they have in common", async () => {
      const build = (): Tensor[] =>
        scope(() => {
          const x = uniform([8, 8], { seed: 1 });
          const shared = x.matmul(x);
          return [shared.softmax(), shared.transpose().matmul(x)];
        });
      const [together, apart] = [build(), build()];
      const once = await launchesOf(() => realize(...together));
      const twice = await launchesOf(async () => {
        for (const one of apart) await one.realize();
      });
      expect(once).toBe(explainedKernels(build));
      expect(twice).toBeGreaterThan(once);
      for (const [i, one] of together.entries()) {
        expect(await one.data()).toEqual(await apart[i]!.data());
        one.dispose();
        apart[i]!.dispose();
      }
    });

    test("the same tensor twice, a realized one, and none at all", async () => {
      using x = uniform([4], { seed: 1 });
      expect(await launchesOf(() => realize(x, x))).toBe(1);
      expect(await launchesOf(() => realize(x))).toBe(0);
      expect(await launchesOf(() => realize())).toBe(0);
      await shareViews();
    });

    test("a relative that was not realized is computed again, from what was", async () => {
      using x = uniform([8, 8], { seed: 1 });
      using y = x.matmul(x);
      using z = y.exp();
      await z.realize();
      expect(explain(z).kernels).toHaveLength(0);
      expect(explain(y).kernels.map(({ family }) => family)).toContain("contract");
      await y.realize();
      using again = y.exp();
      expect(explain(again).kernels.map(({ family }) => family)).toEqual(["map"]);
      expect(await again.data()).toEqual(await z.data());
    });

    test.each<[string, (x: Tensor) => Tensor, number]>([
      ["one elementwise operation", (x) => x.add(1), 6_000],
      ["operations after a product", (x) => x.add(tensor([0.25, 0.5])).sub(x.mul(0)), 800],
    ])("a chain of %s needs no deep stack and no patience", async (_, step, length) => {
      using x = tensor([[0, 1]]);
      using y = scope(() => {
        let chain = x.matmul(
          tensor([
            [1, 0],
            [0, 1],
          ]),
        );
        for (let i = 0; i < length; i++) chain = step(chain);
        return chain;
      });
      const [first] = await y.data();
      expect(first).toBe(length === 6_000 ? length : length / 4);
    });
  });

  describe("cancelled", () => {
    test("before it starts: nothing is run", async () => {
      using x = uniform([8], { seed: 1 });
      const signal = AbortSignal.abort();
      const count = await launchesOf(async () => {
        for (const name of ["data", "array", "realize"] as const)
          expect(await codeOf(x[name]({ signal }))).toBe("CANCELLED");
        using one = x.sum();
        expect(await codeOf(one.item({ signal }))).toBe("CANCELLED");
      });
      expect(count).toBe(0);
      expect(await codeOf(x.realize())).toMatch("a value");
      expect(await codeOf(x.data({ signal })), "even where it is there already").toBe("CANCELLED");
    });

    test("never: many runs under one signal leave at most one listener on it", async () => {
      const { signal } = new AbortController();
      let listeners = 0;
      signal.addEventListener = (...parameters: Parameters<AbortSignal["addEventListener"]>) => {
        listeners++;
        EventTarget.prototype.addEventListener.apply(signal, parameters);
      };
      signal.removeEventListener = (
        ...parameters: Parameters<AbortSignal["removeEventListener"]>
      ) => {
        listeners--;
        EventTarget.prototype.removeEventListener.apply(signal, parameters);
      };
      for (let seed = 0; seed < 5; seed++) {
        using x = uniform([8], { seed });
        using y = x.mul(2);
        await y.data({ signal });
      }
      expect(listeners).toBeLessThanOrEqual(1);
    });

    test("while it runs: the tensor stays as it was, and computes later to the same bits", async () => {
      const build = (): Tensor =>
        scope(() => {
          const x = uniform([100, 100], { seed: 3 });
          return x.matmul(x).matmul(x).softmax();
        });
      using expected = build();
      const bits = await expected.data();
      for (const name of ["data", "realize"] as const) {
        using x = build();
        using dependent = x.mul(2);
        const before = memory().buffers;
        const controller = new AbortController();
        const pending = codeOf(x[name]({ signal: controller.signal }));
        controller.abort();
        expect(await pending).toBe("CANCELLED");
        expect(memory().buffers).toBe(before);
        expect(await dependent.data()).toEqual(bits.map((value) => value * 2));
        expect(await x.data()).toEqual(bits);
      }
    });

    test("does not reach who asked for the same without the signal", async () => {
      using x = uniform([64, 64], { seed: 3 });
      using y = scope(() => x.matmul(x).exp());
      const controller = new AbortController();
      const cancelled = codeOf(y.data({ signal: controller.signal }));
      const free = y.data();
      controller.abort();
      expect(await cancelled).toBe("CANCELLED");
      using expected = scope(() => x.matmul(x).exp());
      expect(await free).toEqual(await expected.data());
    });

    test("a signal that stays quiet changes nothing, and is not listened to afterwards", async () => {
      const { signal } = new AbortController();
      const listen = vi.spyOn(signal, "addEventListener");
      const stop = vi.spyOn(signal, "removeEventListener");
      using x = uniform([8], { seed: 1 });
      using expected = uniform([8], { seed: 1 });
      expect(await x.data({ signal })).toEqual(await expected.data());
      const once = listen.mock.calls.filter(([, , options]) => !Object(options).once);
      expect(stop.mock.calls.length).toBe(once.length);
    });
  });

  describe("leaves of a file", () => {
    let source: GatedSource;
    let opened: Map<string, Tensor>;

    async function open(heedsSignal = true): Promise<void> {
      const stored = scope(() => ({ w: tensor([1, 2, 3]), v: tensor([4, 5, 6]) }));
      source = new GatedSource(
        await writeSafetensors(new Map(Object.entries(stored))),
        heedsSignal,
      );
      Object.values(stored).forEach((one) => one.dispose());
      opened = (await readSafetensors(source)).tensors;
      source.gated = true;
    }

    beforeEach(() => open());
    afterEach(() => opened.forEach((one) => one.dispose()));

    test("are read once for all who ask, and not before", async () => {
      const w = opened.get("w")!;
      using a = w.add(1);
      using b = w.mul(2);
      expect(source.reads).toHaveLength(0);
      const pending = Promise.all([a.data(), b.data(), w.data()]);
      await settle();
      expect(source.reads).toHaveLength(1);
      source.reads[0]!.open();
      expect((await pending).map((values) => [...values])).toEqual([
        [2, 3, 4],
        [2, 4, 6],
        [1, 2, 3],
      ]);
    });

    test("a cancelled read is begun anew by who still waits for it", async () => {
      const w = opened.get("w")!;
      using a = w.add(1);
      const controller = new AbortController();
      const cancelled = codeOf(a.data({ signal: controller.signal }));
      const free = w.data();
      await settle();
      expect(source.reads).toHaveLength(1);
      controller.abort();
      expect(await cancelled).toBe("CANCELLED");
      await settle();
      expect(source.reads).toHaveLength(2);
      source.reads[1]!.open();
      expect([...(await free)]).toEqual([1, 2, 3]);
      expect([...(await a.data())]).toEqual([2, 3, 4]);
    });

    test("a source that ignores the signal does not run the kernels after all", async () => {
      opened.forEach((one) => one.dispose());
      await open(false);
      using a = opened.get("w")!.add(1);
      const controller = new AbortController();
      const count = await launchesOf(async () => {
        const cancelled = codeOf(a.data({ signal: controller.signal }));
        await settle();
        controller.abort();
        source.reads[0]!.open();
        expect(await cancelled).toBe("CANCELLED");
      });
      expect(count).toBe(0);
    });

    test("tensors disposed while they load, and a load that fails beside another, leave nothing", async () => {
      const before = memory().buffers;
      const sum = scope(() => opened.get("w")!.add(opened.get("v")!));
      const controller = new AbortController();
      const first = codeOf(opened.get("v")!.data());
      const pending = codeOf(sum.data({ signal: controller.signal }));
      await settle();
      expect(source.reads).toHaveLength(2);
      controller.abort();
      expect(await pending).toBe("CANCELLED");
      sum.dispose();
      opened.forEach((one) => one.dispose());
      source.reads.forEach(({ open: letThrough }) => letThrough());
      expect(await first).toBe("a value: 4,5,6");
      await settle();
      expect(memory().buffers).toBe(before);
    });
  });
});

/** How many kernels the plan of a graph like `build`'s has. */
function explainedKernels(build: () => readonly Tensor[]): number {
  return scope(() => explain(...build()).kernels.length);
}

describe("two devices", () => {
  const present = DEVICES.filter(([, , there]) => there);
  let devices: Device[] = [];
  beforeEach(async () => {
    devices = [];
    for (const [, options] of present) devices.push(await init(options));
  });
  afterEach(async () => {
    for (const device of devices) await device.dispose();
  });

  test("every operation that meets both says so at once, and a run says so too", async () => {
    const [first, last] = [devices[0]!, devices[devices.length - 1]!];
    using a = tensor([1, 2], { device: first });
    using b = tensor([3, 4], { device: last });
    const index = tensor([0], { dtype: "i32", device: first });
    const MIXED: readonly (() => unknown)[] = [
      () => a.add(b),
      () => a.less(b),
      () => a.matmul(b),
      () => a.set([0], b.get([0])),
      () => a.where(b, a),
      () => a.layerNorm({ weight: b }),
      () => a.layerNorm({ bias: b }),
      () => concat([a, b]),
      () => where(a, a, b),
      () => b.gather(0, index),
      () => b.indexSelect(0, index),
      () => b.scatterAdd(0, index, b.get([[0, 1]])),
    ];
    for (const mix of MIXED)
      expect(() => scope(() => void mix()), String(mix)).toThrow(
        expect.objectContaining({ code: "DEVICE_MISMATCH" }),
      );
    expect(await codeOf(realize(a, b))).toBe("DEVICE_MISMATCH");
    expect(() => explain(a, b)).toThrow(expect.objectContaining({ code: "DEVICE_MISMATCH" }));
    index.dispose();
    expect([[...(await a.data())], [...(await b.data())]]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(b.device).toBe(last);
  });

  test("each computes what is on it, the current one what is on none", async () => {
    for (const device of devices) {
      using x = tensor([1, 2], { device });
      using y = x.mul(3);
      expect(y.device).toBe(device);
      expect([...(await y.data())]).toEqual([3, 6]);
    }
    using counted = arange(3);
    expect(counted.device).toBe(devices[devices.length - 1]);
    expect([...(await counted.data())]).toEqual([0, 1, 2]);
  });
});
