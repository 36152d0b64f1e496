// The benchmark command: `pnpm bench [filter ...]` measures every case whose group or name contains a filter, on every engine that is here.
import { cpus } from "node:os";
import { CASES } from "./cases.ts";
import { createOnnxRuntime } from "./engines/onnxruntime.ts";
import { createPrisma } from "./engines/prisma.ts";
import { createPyTorch } from "./engines/pytorch.ts";
import { createTensorFlow } from "./engines/tensorflow.ts";
import type { Engine } from "./engine.ts";
import { measure, type Timing } from "./measure.ts";

const OURS = "Prisma WASM";

function line(timing: Timing, ours: Timing | undefined, flops: number): string {
  const rate = flops > 0 ? `${(flops / timing.best / 1e6).toFixed(1)} GFLOP/s` : "";
  const ratio =
    ours === undefined || timing === ours
      ? ""
      : `ours is ${(timing.best / ours.best).toFixed(2)} x`;
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`.padStart(11);
  return `  ${timing.engine.padEnd(24)} best ${ms(timing.best)}  median ${ms(timing.median)}  first ${ms(timing.cold)}  ${rate.padEnd(16)} ${ratio}`;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

async function main(): Promise<void> {
  const filters = process.argv.slice(2);
  const engines: Engine[] = [
    await createPrisma(),
    await createTensorFlow(),
    await createOnnxRuntime(),
  ];
  const torch = await createPyTorch();
  if (torch === null) console.log("PyTorch is not here; set PYTHON to a Python that has it");
  else engines.push(torch);
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, one thread each, float32`,
  );
  for (const engine of engines) console.log(`  ${engine.name} ${engine.version}`);
  const ratios = new Map<string, number[]>();
  for (const item of CASES.filter(
    (c) =>
      filters.length === 0 || filters.some((filter) => `${c.group} ${c.name}`.includes(filter)),
  )) {
    const timings = await measure(item, engines, { rounds: 5, roundMs: 150 });
    const ours = timings.find((timing) => timing.engine === OURS);
    console.log(`\n${item.name}`);
    for (const timing of timings) {
      console.log(line(timing, ours, item.flops));
      if (ours === undefined || timing === ours) continue;
      const key = `${item.group}, against ${timing.engine}`;
      ratios.set(key, [...(ratios.get(key) ?? []), timing.best / ours.best]);
    }
  }
  console.log("\nGeometric means of best-of ratios (above 1: ours is faster)");
  for (const [key, values] of ratios)
    console.log(`  ${key.padEnd(44)} ${geometricMean(values).toFixed(2)} x over ${values.length}`);
  for (const engine of engines) await engine.close();
}

try {
  await main();
} catch (error) {
  // TensorFlow.js answers errors nobody catches with its whole program text.
  console.error(error);
  process.exit(1);
}
