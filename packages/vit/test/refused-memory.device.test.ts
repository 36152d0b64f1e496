// Memory that cannot be had, at every place of a forward pass: a coded error, nothing kept, and the next pass is right.
import {
  currentDevice,
  init,
  memory,
  PrismaError,
  tensor,
  uniform,
  type Device,
} from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { createViT, type ViT } from "../src/index.ts";

const IMAGE = [2, 2, 8, 12] as const;
const pixels = Float32Array.from({ length: 384 }, (_, i) => Math.sin(i));

const makeModel = (): Promise<ViT<2>> =>
  createViT(
    {
      nLayers: 2,
      dModel: 24,
      nHeads: 3,
      dMlp: 40,
      nChannels: 2,
      patchSize: 4,
      imageSize: [8, 12],
      nClasses: 5,
    },
    { seed: 7 },
  );

/** Numbers of a pass over an image that is still on the host; everything the pass made is let go of. */
type Pass = (model: ViT<2>) => Promise<number[]>;

const forward: Pass = async (model) => {
  using images = tensor(pixels, { shape: IMAGE });
  using logits = model.forward(images);
  return [...(await logits.data())];
};

const withCache: Pass = async (model) => {
  using images = tensor(pixels, { shape: IMAGE });
  using run = await model.runWithCache(images, { names: ["blocks.*.attn.hook_pattern"] });
  const pattern = await run.cache.get("pattern", 1).data();
  return [...(await run.output.data()), ...pattern];
};

const PASSES: readonly (readonly [name: string, Pass])[] = [
  ["a forward pass", forward],
  ["a forward pass with its cache", withCache],
];

async function outcome(pass: Pass, model: ViT<2>): Promise<number[] | string> {
  try {
    return await pass(model);
  } catch (error) {
    return error instanceof PrismaError ? error.code : String(error);
  }
}

/** Refuses allocation number `k` of a pass; says what came of it, or null where there are fewer. */
type Refuse = (
  k: number,
  pass: () => Promise<number[] | string>,
) => Promise<number[] | string | null>;

/** Every allocation in turn: the error, the counters, and the bits of the next pass. Gives the number of allocations. */
async function refuseEach(pass: Pass, model: ViT<2>, refuse: Refuse): Promise<number> {
  const bits = await pass(model);
  const before = memory();
  for (let k = 1; ; k++) {
    const found = await refuse(k, () => outcome(pass, model));
    if (found === null) return k - 1;
    expect(found, `allocation ${k}`).toBe("OUT_OF_MEMORY");
    const { buffers, bytes, tensors } = memory();
    expect({ buffers, bytes }, `after allocation ${k}`).toEqual({
      buffers: before.buffers,
      bytes: before.bytes,
    });
    // Fewer where what another test forgot is collected meanwhile.
    expect(tensors, `after allocation ${k}`).toBeLessThanOrEqual(before.tensors);
    expect(await pass(model), `after allocation ${k}`).toEqual(bits);
  }
}

/** The device's own allocations, which throw. */
const refuseByPort: Refuse = async (k, pass) => {
  const { port } = currentDevice();
  const allocate = port.allocate.bind(port);
  let count = 0;
  const spy = vi.spyOn(port, "allocate").mockImplementation((bytes) => {
    if (++count === k) throw new PrismaError("OUT_OF_MEMORY", "refused (test)");
    return allocate(bytes);
  });
  try {
    const found = await pass();
    return count < k ? null : found;
  } finally {
    spy.mockRestore();
  }
};

onEachDevice((kind) => {
  let model: ViT<2>;
  beforeAll(async () => {
    model = await makeModel();
    await forward(model);
  });
  afterAll(() => model.dispose());

  test.each(PASSES)("every allocation of %s", { timeout: 60_000 }, async (_, pass) => {
    expect(await refuseEach(pass, model, refuseByPort)).toBeGreaterThan(20);
  });

  test.skipIf(kind === "webgpu")("more than the memory can ever hold", async () => {
    const bits = await forward(model);
    const before = memory();
    for (let round = 0; round < 2; round++) {
      using most = uniform([2 ** 30 - 64], { seed: 1 });
      await expect(most.data()).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    }
    expect(memory()).toMatchObject({ buffers: before.buffers, bytes: before.bytes });
    expect(await forward(model)).toEqual(bits);
  });
});

/** A device that runs out of memory when it is told to. */
interface Scarce {
  readonly gpu: GPUDevice;
  arm(k: number): void;
  /** Buffers until then; 0 or less when it has happened. */
  left(): number;
}

/** `gpu` whose storage buffer number `k`, counted from `arm`, is unusable, as its error scope then says. */
function scarceDevice(gpu: GPUDevice): Scarce {
  const storage = 0x80;
  let left = Infinity;
  let failed = false;
  const own: Partial<GPUDevice> = {
    createBuffer(descriptor) {
      const buffer = gpu.createBuffer(descriptor);
      if ((descriptor.usage & storage) === 0 || --left !== 0) return buffer;
      failed = true;
      buffer.destroy();
      return buffer;
    },
    async popErrorScope() {
      const report = failed;
      failed = false;
      return (await gpu.popErrorScope()) ?? (report ? { message: "no memory (test)" } : null);
    },
  };
  const double = new Proxy(gpu, {
    get(target, name) {
      if (name in own) return Reflect.get(own, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { gpu: double, arm: (k) => (left = k), left: () => left };
}

/** Buffers made by the graphics device, which fail later and without a throw. */
function refuseByGpu(scarce: Scarce): Refuse {
  return async (k, pass) => {
    // A refusal empties the pool, so that every buffer of the pass is a new one.
    scarce.arm(1);
    using odd = uniform([12_345], { seed: 1 });
    await expect(odd.data()).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    scarce.arm(k);
    const found = await pass();
    const happened = scarce.left() <= 0;
    scarce.arm(Infinity);
    return happened ? found : null;
  };
}

// Node has no graphics entry of its own; there the allocations above stand for it.
const adapter =
  typeof document === "undefined" ? null : ((await navigator.gpu?.requestAdapter()) ?? null);

describe.skipIf(adapter === null)("on a graphics device that runs out of memory", () => {
  let gpu: GPUDevice;
  let scarce: Scarce;
  let device: Device;
  let model: ViT<2>;
  beforeAll(async () => {
    gpu = await adapter!.requestDevice();
    scarce = scarceDevice(gpu);
    device = await init({ device: scarce.gpu });
    model = await makeModel();
    await forward(model);
  });
  afterAll(async () => {
    model.dispose();
    await device.dispose();
    gpu.destroy();
  });

  test.each(PASSES)("every buffer of %s", { timeout: 60_000 }, async (_, pass) => {
    // Fewer than allocations: within a pass, buffers serve again.
    expect(await refuseEach(pass, model, refuseByGpu(scarce))).toBeGreaterThan(8);
  });
});
