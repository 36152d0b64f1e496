// Programs whose bits must not depend on how they are run: every operation with its gradients, large sizes, random graphs.
import {
  concat,
  init,
  realize,
  scope,
  Tensor,
  uniform,
  type Device,
  type InitOptions,
} from "@prisma/tensor";
import { gradients } from "../../src/autograd/gradients.ts";
import { randomProgram } from "../fuzz/random-graph.ts";
import { CASES } from "../ops/cases.ts";
import { buildCase, weightedSum } from "../ops/run-cases.ts";

/** Something to compute: its name, and its results built on the current device. */
export type Program = readonly [name: string, build: () => readonly Tensor[]];

/** Every operation: its value alone. */
export const VALUES: readonly Program[] = CASES.map((item, i) => [
  `${item.op} #${i}`,
  () => [buildCase(item, i + 1).output],
]);

/** Every operation: its value and its gradients, in one plan. */
export const OF_CASES: readonly Program[] = CASES.map((item, i) => [
  `${item.op} #${i} with gradients`,
  () => {
    const { inputs, output } = buildCase(item, i + 1);
    if (item.smooth === false) return [output];
    const found = gradients(
      weightedSum(output.node),
      inputs.map((input) => input.node),
    );
    return [output, ...found.map((node) => new Tensor(node))];
  },
]);

/** Sizes at which work is split among threads, and beyond what one kernel reads. */
export const LARGE: readonly Program[] = [
  [
    "a product with everything after it",
    () => {
      const [x, w] = [uniform([300, 130], { seed: 1 }), uniform([130, 257], { seed: 2 })];
      return [
        x
          .matmul(w)
          .add(uniform([257], { seed: 3 }))
          .gelu(),
        x.matmul(w).softmax(),
      ];
    },
  ],
  [
    "attention of several heads",
    () => {
      const q = uniform([4, 70, 32], { seed: 4 });
      const pattern = q.matmul(q.transpose()).mul(0.2).softmax();
      return [pattern, pattern.matmul(q)];
    },
  ],
  [
    "long reductions along every axis",
    () => {
      const x = uniform([97, 1031], { seed: 5 });
      return [x.sum(), x.sum(0), x.variance(1), x.layerNorm(), x.logsumexp(0), x.argmax()];
    },
  ],
  [
    "many tensors in one expression",
    () => {
      const parts = Array.from({ length: 40 }, (_, seed) => uniform([513], { seed }));
      return [parts.reduce((sum, part) => sum.mul(0.9).add(part)), concat(parts)];
    },
  ],
  [
    "adding up at the same places",
    () => {
      const x = uniform([50, 20], { seed: 6 });
      const index = uniform([50, 90], { seed: 7 }).mul(20).cast("i32");
      return [x.scatterAdd(1, index, uniform([50, 90], { seed: 8 }))];
    },
  ],
];

/** Random programs. */
export const RANDOM: readonly Program[] = Array.from({ length: 60 }, (_, seed) => [
  `random program ${seed}`,
  () => randomProgram(seed + 1000, 6).outputs,
]);

/** The bits of every result of `programs`, in one plan each. */
export async function bitsOf(
  programs: readonly Program[],
): Promise<Map<string, readonly string[]>> {
  const bits = new Map<string, readonly string[]>();
  for (const [name, build] of programs) {
    const results = scope(build);
    await realize(...results);
    const values = await Promise.all(results.map((result) => result.data()));
    bits.set(
      name,
      values.map((one) => String(new Uint32Array(one.buffer, one.byteOffset, one.length))),
    );
    results.forEach((result) => result.dispose());
  }
  return bits;
}

/** Names of programs whose bits differ. */
export function changed(
  found: ReadonlyMap<string, readonly string[]>,
  expected: ReadonlyMap<string, readonly string[]>,
): string[] {
  return [...expected].flatMap(([name, bits]) =>
    bits.every((one, i) => one === found.get(name)?.[i]) ? [] : [name],
  );
}

/** What `run` gives on a device of `options`, which is the current one meanwhile. */
export async function on<T>(options: InitOptions, run: (device: Device) => Promise<T>): Promise<T> {
  const device = await init(options);
  try {
    return await run(device);
  } finally {
    await device.dispose();
  }
}
