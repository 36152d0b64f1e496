// Gradient rules: for each kind of node, the gradients of its inputs from the gradient of its value.
import { machineType } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import {
  contractNode,
  expandNode,
  gatherNode,
  mapNode,
  padNode,
  permuteNode,
  reduceNode,
  reshapeNode,
  scalarNode,
  scatterAddNode,
  sliceNode,
} from "../graph/build.ts";
import { FUNCTIONS } from "../graph/functions/index.ts";
import type { Node, NodeKind, NodeOp } from "../graph/node.ts";
import { asGradientOf } from "../graph/provenance.ts";
import { productOfOthers } from "./product-of-others.ts";

/** Gradients of the inputs of `node`; null where none flows. */
export type GradientRule<Kind extends NodeKind> = (
  node: Node,
  op: Extract<NodeOp, { kind: Kind }>,
  g: Node,
) => readonly (Node | null)[];

type Rules = { readonly [Kind in NodeKind]: GradientRule<Kind> };

function inputOf(node: Node, position = 0): Node {
  const input = node.inputs[position];
  if (input === undefined)
    throw new PrismaError("INTERNAL", `gradient: ${node.label} lacks input ${position}`);
  return input;
}

const zerosBefore = (x: Node): number[] => x.shape.map(() => 0);

function expandRule(node: Node, g: Node): Node {
  const { shape } = inputOf(node);
  const lead = node.shape.length - shape.length;
  const repeated = node.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  return reshapeNode(reduceNode("sum", g, repeated), shape);
}

/** Spreads `g` so that `step - 1` zeros follow each element along `axis`. */
function dilate(g: Node, axis: number, step: number): Node {
  const size = g.shape[axis] ?? 0;
  const split = [...g.shape.slice(0, axis), size, 1, ...g.shape.slice(axis + 1)];
  const wide = split.map((s, a) => (a === axis + 1 ? step : s));
  const padded = padNode(
    reshapeNode(g, split),
    split.map(() => 0),
    wide,
  );
  return reshapeNode(
    padded,
    g.shape.map((s, a) => (a === axis ? s * step : s)),
  );
}

function sliceRule(node: Node, op: Extract<NodeOp, { kind: "slice" }>, g: Node): Node {
  const { shape } = inputOf(node);
  const backwards = op.steps.map((step) => step < 0);
  const flipped = backwards.some((is) => is)
    ? sliceNode(
        g,
        g.shape.map((size, axis) => (backwards[axis] ? Math.max(0, size - 1) : 0)),
        g.shape,
        op.steps.map((step) => (step < 0 ? -1 : 1)),
      )
    : g;
  const spread = op.steps.reduce(
    (x, step, axis) => (Math.abs(step) === 1 ? x : dilate(x, axis, Math.abs(step))),
    flipped,
  );
  const lowest = op.starts.map((start, axis) =>
    backwards[axis] ? start + (op.steps[axis] ?? 1) * ((node.shape[axis] ?? 1) - 1) : start,
  );
  // Zeros after the last element may reach past the input: they are cut off before padding.
  const room = spread.shape.map((size, axis) =>
    Math.min(size, (shape[axis] ?? 0) - (lowest[axis] ?? 0)),
  );
  return padNode(sliceNode(spread, zerosBefore(spread), room), lowest, shape);
}

function concatRule(node: Node, axis: number, g: Node): Node[] {
  let start = 0;
  return node.inputs.map((input) => {
    const part = sliceNode(
      g,
      g.shape.map((_, a) => (a === axis ? start : 0)),
      input.shape,
    );
    start += input.shape[axis] ?? 0;
    return part;
  });
}

function reduceRule(node: Node, op: Extract<NodeOp, { kind: "reduce" }>, g: Node): Node | null {
  const x = inputOf(node);
  const spread = expandNode(g, x.shape);
  switch (op.fn) {
    case "sum":
      return spread;
    case "prod":
      return mapNode("mul", spread, productOfOthers(x, op.axes));
    case "max":
    case "min": {
      const chosen = mapNode("toF32", mapNode("eq", x, expandNode(node, x.shape)));
      const share = mapNode("div", chosen, expandNode(reduceNode("sum", chosen, op.axes), x.shape));
      return mapNode("mul", spread, share);
    }
    case "argmax":
    case "argmin":
      return null;
  }
}

const none = (node: Node): null[] => node.inputs.map(() => null);

/** One rule per kind. */
export const RULES: Rules = {
  leaf: none,
  scalar: none,
  index: none,
  argSort: none,
  argTopK: none,
  map: (node, op, g) => {
    const { gradient } = FUNCTIONS[op.fn];
    if (gradient === undefined)
      throw new PrismaError("NOT_DIFFERENTIABLE", `gradient: ${op.fn} has no gradient`, {
        operation: op.fn,
      });
    return gradient(g, node.inputs, node);
  },
  reshape: (node, op, g) => [op.backward?.(g) ?? reshapeNode(g, inputOf(node).shape)],
  permute: (_, op, g) => [
    permuteNode(
      g,
      op.axes.map((__, axis) => op.axes.indexOf(axis)),
    ),
  ],
  expand: (node, _, g) => [expandRule(node, g)],
  slice: (node, op, g) => [sliceRule(node, op, g)],
  pad: (node, op, g) => [sliceNode(g, op.before, inputOf(node).shape), null],
  concat: (node, op, g) => concatRule(node, op.axis, g),
  reduce: (node, op, g) => [reduceRule(node, op, g)],
  contract: (node, op, g) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [contractNode(g, op.out, b, op.b, op.a), contractNode(g, op.out, a, op.a, op.b)];
  },
  gather: (node, op, g) => [
    scatterAddNode(inputOf(node, 1), g, op.axis, inputOf(node).shape),
    null,
  ],
  scatterAdd: (node, op, g) => [null, gatherNode(g, inputOf(node, 0), op.axis)],
};

/** Gradients of `node`'s inputs. */
export function gradientsOfInputs(node: Node, g: Node): readonly (Node | null)[] {
  const { op } = node;
  const rule: GradientRule<NodeKind> = RULES[op.kind] as GradientRule<NodeKind>;
  return asGradientOf(node.made, () => rule(node, op, g));
}

/** Zeros in the shape of `node`: its gradient where nothing depends on it. */
export function zerosOf(node: Node): Node {
  return expandNode(scalarNode(0, machineType(node.dtype)), node.shape);
}
