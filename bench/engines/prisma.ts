// Our engine on its WebAssembly device with one thread.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { init, scope, tensor, type Tensor } from "@prisma/tensor";
import { loadViT } from "@prisma/vit";
import { type Case } from "../cases.ts";
import { randomValues, timed, type Engine, type Prepared } from "../engine.ts";
import { randomVit } from "../random-vit.ts";

const { version } = createRequire(import.meta.url)("@prisma/tensor/package.json") as {
  readonly version: string;
};

/** Values of `shape`, on the device before anything is timed. */
async function input(seed: number, shape: readonly number[]): Promise<Tensor> {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = tensor(randomValues(size, seed), { shape });
  await values.realize();
  return values;
}

/** Runs what `build` makes of `held`: a graph is built, planned or found, computed, and its values are read. */
function preparing(build: () => Tensor, ...held: readonly Disposable[]): Prepared {
  const compute = async (): Promise<void> => {
    using result = scope(build);
    await result.data();
  };
  return { run: () => timed(compute), dispose: async () => disposeAll(held) };
}

function disposeAll(held: readonly Disposable[]): void {
  for (const one of held) one[Symbol.dispose]();
}

type VitWorkload = Extract<Case["workload"], { kind: "vit" }>;

async function prepareVit({ sizes, cached, checkpoint }: VitWorkload): Promise<Prepared> {
  const model =
    checkpoint === null
      ? await randomVit(sizes)
      : await loadViT(fileURLToPath(new URL(`../../${checkpoint}`, import.meta.url)));
  const [rows, columns, channels] = sizes.image;
  const images = await input(1, [sizes.batch, channels, rows, columns]);
  if (!cached) return preparing(() => model.forward(images), images, model);
  const compute = async (): Promise<void> => {
    using run = await model.runWithCache(images);
    await run.output.data();
  };
  return { run: () => timed(compute), dispose: async () => disposeAll([images, model]) };
}

async function prepare(workload: Case["workload"]): Promise<Prepared> {
  switch (workload.kind) {
    case "matmul": {
      const { batch, m, k, n, sharedRight } = workload;
      const a = await input(1, sharedRight ? [m, k] : [batch, m, k]);
      const b = await input(2, sharedRight ? [k, n] : [batch, k, n]);
      return preparing(() => a.matmul(b), a, b);
    }
    case "softmax": {
      const x = await input(1, workload.shape);
      return preparing(() => x.softmax(), x);
    }
    case "layerNorm": {
      const width = workload.shape.slice(-1);
      const x = await input(1, workload.shape);
      const [weight, bias] = [await input(2, width), await input(3, width)];
      return preparing(() => x.layerNorm({ weight, bias, eps: 1e-6 }), x, weight, bias);
    }
    case "gelu": {
      const x = await input(1, workload.shape);
      return preparing(() => x.gelu(), x);
    }
    case "vit":
      return prepareVit(workload);
  }
}

/** Our engine with one thread. */
export async function createPrisma(): Promise<Engine> {
  const device = await init({ device: "wasm", threads: 1 });
  return {
    name: "Prisma WASM",
    version,
    device: device.info.description,
    prepare,
    close: () => device.dispose(),
  };
}
