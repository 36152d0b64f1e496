// The benchmark command: `pnpm bench [filter ...]` measures every case whose group or name contains a filter, on every engine that is here.
import { cpus, loadavg } from "node:os";
import { CASES, type Case } from "./cases.ts";
import type { Engine } from "./engine.ts";
import { createOnnxRuntime } from "./engines/onnxruntime.ts";
import { createPrisma } from "./engines/prisma.ts";
import { createPyTorch } from "./engines/pytorch.ts";
import { createTensorFlow } from "./engines/tensorflow.ts";
import { measureGraph } from "./graph.ts";
import { measure, ratioOf, type Timing } from "./measure.ts";

/** On a busy machine, the JavaScript around the kernels of a small model takes seconds to be compiled well. */
const OPTIONS = { warmUpMs: 3000, rounds: 7, roundMs: 150 };

const milliseconds = (value: number): string =>
  `${value.toFixed(value < 10 ? 3 : 1)} ms`.padStart(11);

function line(timing: Timing, ours: Timing, flops: number): string {
  const { engine, best, median, cold } = timing;
  const rate = flops > 0 ? `${(flops / best / 1e6).toFixed(1)} GFLOP/s` : "";
  const ratio = timing === ours ? "" : `ours is ${ratioOf(timing, ours).toFixed(2)} x`;
  return `  ${engine.padEnd(24)} median ${milliseconds(median)}  best ${milliseconds(best)}  cold ${milliseconds(cold)}  ${rate.padEnd(15)} ${ratio}`.trimEnd();
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Measures one case, prints it, and files what others take over what we take under group and engine. */
async function measureCase(
  item: Case,
  engines: readonly [Engine, ...Engine[]],
  ratios: Map<string, number[]>,
): Promise<void> {
  const [ours, ...others] = await measure(item, engines, OPTIONS);
  if (ours === undefined) return;
  console.log(`\n${item.name}`);
  for (const timing of [ours, ...others]) console.log(line(timing, ours, item.flops));
  for (const timing of others) {
    const key = `${item.group}, against ${timing.engine}`;
    ratios.set(key, [...(ratios.get(key) ?? []), ratioOf(timing, ours)]);
  }
}

/** Our engine, and the others that are here. */
async function startEngines(): Promise<[Engine, ...Engine[]]> {
  const torch = await createPyTorch();
  if (torch === null) console.log("PyTorch is not here; set PYTHON to a Python that has it");
  return [
    await createPrisma(),
    await createTensorFlow(),
    await createOnnxRuntime(),
    ...(torch === null ? [] : [torch]),
  ];
}

async function compare(cases: readonly Case[], engines: [Engine, ...Engine[]]): Promise<void> {
  const ratios = new Map<string, number[]>();
  for (const item of cases) await measureCase(item, engines, ratios);
  console.log("\nGeometric means of the ratios (above 1: ours is faster)");
  for (const [key, values] of ratios)
    console.log(`  ${key.padEnd(44)} ${geometricMean(values).toFixed(2)} x over ${values.length}`);
}

/** Programs that wanted to run over the last minute: above 1 before the start, others take time from what is measured. */
const load = (): string => (loadavg()[0] ?? Number.NaN).toFixed(1);

async function main(filters: readonly string[]): Promise<void> {
  const before = load();
  const wants = (name: string): boolean =>
    filters.length === 0 || filters.some((filter) => name.includes(filter));
  const cases = CASES.filter(({ group, name }) => wants(`${group} ${name}`));
  const graph = wants("graph");
  if (cases.length === 0 && !graph) throw new Error(`no case contains ${filters.join(" or ")}`);
  const engines: [Engine, ...Engine[]] =
    cases.length > 0 ? await startEngines() : [await createPrisma()];
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, float32, ${new Date().toISOString().slice(0, 10)}`,
  );
  for (const { name, version, device } of engines) console.log(`  ${name} ${version}: ${device}`);
  // Before the cases, which would warm the code.
  if (graph) await measureGraph();
  if (cases.length > 0) await compare(cases, engines);
  console.log(`\nLoad average ${before} before, ${load()} after, of ${cpus().length} processors`);
  for (const engine of engines) await engine.close();
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // TensorFlow.js answers errors nobody catches with its whole program text.
  console.error(error);
  process.exit(1);
}
