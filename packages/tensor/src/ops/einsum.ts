// Einsum of two operands: sums of products by letters.
import { PrismaError } from "../errors.ts";
import {
  contractNode,
  expandNode,
  mapNode,
  permuteNode,
  reduceNode,
  reshapeNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { broadcastShapes, formatShape } from "../shape.ts";
import { assertOneDevice, castNode } from "./checks.ts";

interface Equation {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly out: readonly string[];
}

function parse(equation: string): Equation {
  const match = /^\s*([a-zA-Z]*)\s*,\s*([a-zA-Z]*)\s*->\s*([a-zA-Z]*)\s*$/.exec(equation);
  if (match === null) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `einsum: the equation must look like "bij,bjk->bik": two operands of letters, an arrow, the result`,
      { equation },
    );
  }
  const [a, b, out] = [[...(match[1] ?? "")], [...(match[2] ?? "")], [...(match[3] ?? "")]];
  for (const [name, list] of [
    ["first operand", a],
    ["second operand", b],
    ["result", out],
  ] as const) {
    if (new Set(list).size !== list.length)
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `einsum: a letter is repeated in the ${name} of "${equation}"`,
        { equation },
      );
  }
  const unknown = out.find((letter) => !a.includes(letter) && !b.includes(letter));
  if (unknown !== undefined)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `einsum: "${unknown}" of the result of "${equation}" is in neither operand`,
      { equation },
    );
  return { a, b, out };
}

/** `x` summed over its letters that neither the other operand nor the result has. */
function sumAlone(
  x: Node,
  letters: readonly string[],
  others: readonly string[],
): { readonly node: Node; readonly letters: readonly string[] } {
  const alone = letters.flatMap((letter, axis) => (others.includes(letter) ? [] : [axis]));
  const kept = letters.filter((letter) => others.includes(letter));
  const summed = reduceNode("sum", x, alone);
  return {
    node: reshapeNode(
      summed,
      x.shape.filter((_, axis) => !alone.includes(axis)),
    ),
    letters: kept,
  };
}

function assertSizes(equation: string, parsed: Equation, a: Node, b: Node): void {
  if (parsed.a.length !== a.shape.length || parsed.b.length !== b.shape.length) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `einsum "${equation}": operands of shape ${formatShape(a.shape)} and ${formatShape(b.shape)} have another number of axes`,
      { equation },
    );
  }
  parsed.a.forEach((letter, axis) => {
    const other = parsed.b.indexOf(letter);
    if (other >= 0 && a.shape[axis] !== b.shape[other]) {
      throw new PrismaError(
        "SHAPE_MISMATCH",
        `einsum "${equation}": "${letter}" is ${a.shape[axis]} in ${formatShape(a.shape)} and ${b.shape[other]} in ${formatShape(b.shape)}`,
        { equation },
      );
    }
  });
}

/**
 * Sum of products over the letters that the result lacks; no letter twice in one operand.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_MISMATCH
 */
export function einsum(equation: string, a: Node, b: Node): Node {
  assertOneDevice("einsum", [a, b]);
  const parsed = parse(equation);
  assertSizes(equation, parsed, a, b);
  const left = sumAlone(castNode(a, "f32"), parsed.a, [...parsed.b, ...parsed.out]);
  const right = sumAlone(castNode(b, "f32"), parsed.b, [...parsed.a, ...parsed.out]);
  const letters = [...new Set([...left.letters, ...right.letters])];
  const numbers = (list: readonly string[]): number[] =>
    list.map((letter) => letters.indexOf(letter));
  const summed = left.letters.some((letter) => !parsed.out.includes(letter));
  if (!summed) return outer(left, right, parsed.out);
  return contractNode(
    left.node,
    numbers(left.letters),
    right.node,
    numbers(right.letters),
    numbers(parsed.out),
  );
}

/** A product that sums over nothing is elementwise. */
function outer(
  left: ReturnType<typeof sumAlone>,
  right: ReturnType<typeof sumAlone>,
  out: readonly string[],
): Node {
  const fit = ({ node, letters }: ReturnType<typeof sumAlone>): Node => {
    const present = out.filter((letter) => letters.includes(letter));
    const ordered = permuteNode(
      node,
      present.map((letter) => letters.indexOf(letter)),
    );
    return reshapeNode(
      ordered,
      out.map((letter) =>
        letters.includes(letter) ? (node.shape[letters.indexOf(letter)] ?? 1) : 1,
      ),
    );
  };
  const [a, b] = [fit(left), fit(right)];
  const shape = broadcastShapes("einsum", a.shape, b.shape);
  return mapNode("mul", expandNode(a, shape), expandNode(b, shape));
}
