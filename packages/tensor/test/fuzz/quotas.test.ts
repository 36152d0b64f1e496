// The generator of random programs meets its quotas: what breaks kernels is not rare among them.
import { init, scope, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { topologicalOrder } from "../../src/graph/order.ts";
import { randomProgram, type RandomProgram } from "./random-graph.ts";
import { EDGES } from "./random-leaves.ts";

const PROGRAMS = 10_000;

/** Where a view gets its values from. */
const VIEWS = new Set(["reshape", "permute", "expand", "slice"]);
const MOVES = new Set(["permute", "expand", "slice"]);

function source(node: Node): Node {
  let at = node;
  while (VIEWS.has(at.op.kind)) at = at.inputs[0]!;
  return at;
}

/** Whether an operation reads a leaf through a view that is not dense. */
function readsStrided(node: Node): boolean {
  return node.inputs.some((input) => {
    for (let at = input; VIEWS.has(at.op.kind); at = at.inputs[0]!)
      if (MOVES.has(at.op.kind) && source(at).op.kind === "leaf") return true;
    return false;
  });
}

function broadcastsOne(node: Node): boolean {
  const [input] = node.inputs;
  if (node.op.kind !== "expand" || input === undefined) return false;
  const lead = node.shape.length - input.shape.length;
  return input.shape.some((size, axis) => size === 1 && (node.shape[axis + lead] ?? 1) > 1);
}

function readsTwice(node: Node): boolean {
  const [a, b] = node.inputs;
  return a !== undefined && b !== undefined && !VIEWS.has(node.op.kind) && source(a) === source(b);
}

function reducesNothing(node: Node): boolean {
  const { op, inputs } = node;
  return op.kind === "reduce" && op.axes.some((axis) => inputs[0]?.shape[axis] === 0);
}

const tensors = (has: (node: Node) => boolean) => (program: RandomProgram) =>
  topologicalOrder(program.outputs.map(({ node }: Tensor) => node)).some(has);

/** What a share of the programs must have; 0.095 is a tenth less the scatter of the draws. */
const QUOTAS: readonly (readonly [
  what: string,
  share: number,
  has: (p: RandomProgram) => boolean,
])[] = [
  ["a dimension of 0", 0.1, tensors(({ shape }) => shape.includes(0))],
  ["a leaf of rank 0", 0.1, tensors(({ op, shape }) => op.kind === "leaf" && shape.length === 0)],
  ["a broadcast of size 1", 0.1, tensors(broadcastsOne)],
  ["a leaf read through strides", 0.15, tensors(readsStrided)],
  [
    "a size at an edge",
    0.1,
    tensors(({ shape }) => shape.some((size) => size > 9 && EDGES.includes(size))),
  ],
  ["five axes or more", 0.05, tensors(({ op, shape }) => op.kind === "leaf" && shape.length >= 5)],
  ["one buffer as both operands", 0.1, tensors(readsTwice)],
  ["a reduction of nothing", 0.05, tensors(reducesNothing)],
  ["an f16", 0.15, tensors(({ dtype }) => dtype === "f16")],
  ["tiny numbers", 0.095, ({ kind }) => kind === "tiny"],
  ["huge numbers", 0.095, ({ kind }) => kind === "huge"],
  ["nearly equal numbers", 0.095, ({ kind }) => kind === "near-equal"],
  ["special numbers", 0.095, ({ kind }) => kind === "special"],
  ["plain numbers", 0.55, ({ kind }) => kind === "normal"],
  ...[1, 2, 3, 4, 5, 6].map(
    (length) =>
      [`${length} operations`, 0.1, ({ steps }: RandomProgram) => steps.length === length] as const,
  ),
];

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

test("quotas", () => {
  const counts = new Map(QUOTAS.map(([what]) => [what, 0]));
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const program = scope(() => randomProgram(seed, 6));
    for (const [what, , has] of QUOTAS) if (has(program)) counts.set(what, counts.get(what)! + 1);
    program.outputs.forEach((output) => output.dispose());
  }
  const short = QUOTAS.filter(([what, share]) => counts.get(what)! < share * PROGRAMS);
  expect(
    short.map(([what, share]) => `${what}: ${counts.get(what)! / PROGRAMS} of ${share}`),
  ).toEqual([]);
});
