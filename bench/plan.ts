// `pnpm bench:plan`: what it costs to build and to plan the graph of a ViT-B/16 forward pass, with nothing run.
import { explain, tensor } from "@prisma/tensor";
import { VIT_B } from "./cases.ts";
import { createPrisma, randomVit } from "./engines/prisma.ts";
import { randomValues } from "./engine.ts";

const ROUNDS = 15;

const engine = await createPrisma();
const model = await randomVit(VIT_B);
const images = tensor(randomValues(3 * 224 * 224, 1), { shape: [1, 3, 224, 224] });
await images.realize();

const building: number[] = [];
const planning: number[] = [];
let kernels = 0;
for (let round = 0; round < ROUNDS; round++) {
  const start = performance.now();
  const output = model.forward(images);
  const built = performance.now();
  kernels = explain(output).kernels.length;
  planning.push(performance.now() - built);
  building.push(built - start);
  output.dispose();
}

function line(name: string, times: readonly number[]): string {
  const sorted = times.slice(1).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return `${name.padEnd(10)} first ${times[0]?.toFixed(1)} ms, then median ${median.toFixed(1)} ms`;
}

console.log(`Node ${process.version}, ViT-B/16 batch 1, ${kernels} kernels, ${ROUNDS} rounds`);
console.log(line("building", building));
console.log(line("planning", planning));
await engine.close();
