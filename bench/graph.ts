// What it costs to build and to plan the graph of a ViT-B/16 forward pass, with nothing run.
import { explain, tensor, type Tensor } from "@prisma/tensor";
import type { ViT } from "@prisma/vit";
import { VIT_B } from "./cases.ts";
import { median } from "./measure.ts";
import { randomVit } from "./random-vit.ts";

/** Batch sizes planned; the plan of each is its own. */
const BATCHES = 9;
/** Passes for each batch size after the one that makes the plan. */
const REPEATS = 3;

/** Milliseconds of everything, in the order measured. */
interface Times {
  readonly build: number[];
  /** Planning a graph that was never planned. */
  readonly fresh: number[];
  /** Planning a graph whose plan is kept. */
  readonly known: number[];
}

/** Builds the graph and plans it, to `plan`; gives the number of its kernels. */
function buildAndPlan(model: ViT, images: Tensor, build: number[], plan: number[]): number {
  const start = performance.now();
  using output = model.forward(images);
  const built = performance.now();
  const { kernels } = explain(output);
  plan.push(performance.now() - built);
  build.push(built - start);
  return kernels.length;
}

async function imagesOf(batch: number): Promise<Tensor> {
  const [rows, columns, channels] = VIT_B.image;
  const shape = [batch, channels, rows, columns];
  const images = tensor(new Float32Array(batch * channels * rows * columns), { shape });
  return images.realize();
}

function line(name: string, [first, ...rest]: readonly number[]): string {
  return `  ${name.padEnd(28)} first ${first?.toFixed(1).padStart(6)} ms, then median ${median(rest).toFixed(1).padStart(5)} ms of ${rest.length}`;
}

/** Prints what building and planning cost on the current device. The first numbers are those of code that has hardly run. */
export async function measureGraph(): Promise<void> {
  using model = await randomVit(VIT_B);
  const times: Times = { build: [], fresh: [], known: [] };
  let kernels = 0;
  for (let batch = 1; batch <= BATCHES; batch++) {
    using images = await imagesOf(batch);
    kernels = buildAndPlan(model, images, times.build, times.fresh);
    for (let i = 0; i < REPEATS; i++) buildAndPlan(model, images, times.build, times.known);
  }
  console.log(`\nViT-B/16, ${kernels} kernels, nothing run`);
  console.log(line("building the graph", times.build));
  console.log(line("planning, plan cache cold", times.fresh));
  console.log(line("planning, plan cache warm", times.known));
}
