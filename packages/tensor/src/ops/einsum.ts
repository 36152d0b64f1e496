// Einsum: sums of products by letters, two operands at a time.
import {
  contractNode,
  expandNode,
  mapNode,
  permuteNode,
  reduceNode,
  reshapeNode,
  sliceNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { assertShape, broadcastShapes } from "../shape.ts";
import { assertOneDevice, castNode } from "./checks.ts";
import { einsumEquation } from "./einsum-equation.ts";

type Letters = readonly string[];

/** An operand, or a product of some: its axes by letter. */
interface Term {
  readonly node: Node;
  readonly letters: Letters;
}

/** `term` with its axes in the order of `letters`, which are its own. */
function inOrder({ node, letters: own }: Term, letters: Letters): Term {
  const axes = letters.map((letter) => own.indexOf(letter));
  return { node: permuteNode(node, axes), letters };
}

/** `term` without repeated letters: of axes that share one, only the diagonal; a view where the operand is dense. */
function diagonals(term: Term): Term {
  const { node, letters } = term;
  const second = letters.findIndex((letter, axis) => letters.indexOf(letter) < axis);
  const letter = letters[second];
  if (letter === undefined) return term;
  const first = letters.indexOf(letter);
  const others = [...letters.keys()].filter((axis) => axis !== first && axis !== second);
  const moved = permuteNode(node, [...others, first, second]);
  const outer = moved.shape.slice(0, -2);
  const size = node.shape[first] ?? 1;
  const flat = reshapeNode(moved, [...outer, size * size]);
  const steps = [...outer.map(() => 1), size + 1];
  const diagonal = sliceNode(
    flat,
    flat.shape.map(() => 0),
    [...outer, size],
    steps,
  );
  return diagonals({
    node: diagonal,
    letters: [...others.map((axis) => letters[axis] ?? ""), letter],
  });
}

/** `term` summed over its letters that are not `wanted`. */
function sumOthers({ node, letters }: Term, wanted: Letters): Term {
  const alone = letters.flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  const shape = node.shape.filter((_, axis) => !alone.includes(axis));
  return {
    node: reshapeNode(reduceNode("sum", node, alone), shape),
    letters: letters.filter((letter) => wanted.includes(letter)),
  };
}

/** Product of two terms over the letters `out`, the others summed. */
function multiply(first: Term, second: Term, out: Letters): Term {
  const a = sumOthers(first, [...second.letters, ...out]);
  const b = sumOthers(second, [...first.letters, ...out]);
  const both = [...new Set([...a.letters, ...b.letters])];
  const sizes = new Map(
    [a, b].flatMap(({ node, letters }) => letters.map((letter, i) => [letter, node.shape[i] ?? 1])),
  );
  assertShape(
    "einsum",
    out.map((letter) => sizes.get(letter) ?? 1),
  );
  if (both.every((letter) => out.includes(letter))) return outer(a, b, out);
  const numbers = (list: Letters): number[] => list.map((letter) => both.indexOf(letter));
  const [labelsA, labelsB] = [numbers(a.letters), numbers(b.letters)];
  return { node: contractNode(a.node, labelsA, b.node, labelsB, numbers(out)), letters: out };
}

/** A product that sums over nothing is elementwise. */
function outer(a: Term, b: Term, out: Letters): Term {
  const fit = (term: Term): Node => {
    const { node, letters } = inOrder(
      term,
      out.filter((letter) => term.letters.includes(letter)),
    );
    const shape = out.map((letter) => node.shape[letters.indexOf(letter)] ?? 1);
    return reshapeNode(node, shape);
  };
  const [left, right] = [fit(a), fit(b)];
  const shape = broadcastShapes("einsum", left.shape, right.shape);
  const node = mapNode("mul", expandNode(left, shape), expandNode(right, shape));
  return { node, letters: out };
}

/**
 * Sum of products over the letters that the result lacks, f32. A letter twice in one operand takes the diagonal. Operands
 * are multiplied from left to right, two at a time, and summed as soon as no later operand has a letter.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_MISMATCH, SIZE_LIMIT
 */
export function einsum(equation: string, operands: readonly Node[]): Node {
  assertOneDevice("einsum", operands);
  const { operands: lists, out } = einsumEquation(
    equation,
    operands.map(({ shape }) => shape),
  );
  const terms = operands.map((node, i) =>
    diagonals({ node: castNode(node, "f32"), letters: lists[i] ?? [] }),
  );
  const product = terms.reduce((a, b, i) => {
    const later = [...out, ...terms.slice(i + 1).flatMap(({ letters }) => letters)];
    const kept = [...new Set([...a.letters, ...b.letters])].filter((it) => later.includes(it));
    return multiply(a, b, i === terms.length - 1 ? out : kept);
  });
  return inOrder(sumOthers(product, out), out).node;
}
