// Triangles of matrices: what lies on one side of a diagonal, zeros elsewhere.
import { PrismaError } from "../errors.ts";
import { indexNode, mapNode, numberLike } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { formatShape } from "../shape.ts";

/** Name of the triangle and the comparison of row + diagonal with column that holds in it. */
const SIDES = { tril: "ge", triu: "le" } as const;

/** The lower (`tril`) or upper (`triu`) triangle of the last two axes; `diagonal` is how far right of the main one it starts. */
export function triangle(side: keyof typeof SIDES, x: Node, diagonal: number): Node {
  const rank = x.shape.length;
  if (rank < 2)
    throw new PrismaError(
      "SHAPE_INVALID",
      `${side}: ${formatShape(x.shape)} has no rows and columns; two axes are needed`,
      { shape: [...x.shape] },
    );
  if (!Number.isInteger(diagonal) || Math.abs(diagonal) > 2 ** 30)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${side}: the diagonal is ${String(diagonal)}; it must be a whole number of at most 2^30 in size`,
      { diagonal },
    );
  const row = indexNode(x.shape, rank - 2, x.device);
  const column = indexNode(x.shape, rank - 1, x.device);
  const limit = mapNode("add", row, numberLike(diagonal, row));
  return mapNode("select", mapNode(SIDES[side], limit, column), x, numberLike(0, x));
}
