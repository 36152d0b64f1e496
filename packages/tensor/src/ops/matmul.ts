// Matrix products with batch broadcasting.
import { PrismaError } from "../errors.ts";
import { contractNode, expandNode, reshapeNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { broadcastShapes, formatShape } from "../shape.ts";
import { assertOneDevice, castNode } from "./checks.ts";

/**
 * NumPy's matmul: the last two axes are matrices, the others broadcast; one axis is a vector.
 * @throws PrismaError SHAPE_MISMATCH
 */
export function matmul(a: Node, b: Node): Node {
  assertOneDevice("matmul", [a, b]);
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `matmul: ${formatShape(a.shape)} x ${formatShape(b.shape)}: scalars have no rows; multiply with mul`,
      {},
    );
  }
  const left = a.shape.length === 1 ? reshapeNode(a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshapeNode(b, [...b.shape, 1]) : b;
  const inner = [left.shape[left.shape.length - 1], right.shape[right.shape.length - 2]];
  if (inner[0] !== inner[1]) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `matmul: ${formatShape(a.shape)} x ${formatShape(b.shape)}: inner sizes ${inner[0]} and ${inner[1]} differ`,
      { left: [...a.shape], right: [...b.shape] },
    );
  }
  const product = batched(castNode(left, "f32"), castNode(right, "f32"));
  const keep = product.shape.filter(
    (_, axis) =>
      !(a.shape.length === 1 && axis === product.shape.length - 2) &&
      !(b.shape.length === 1 && axis === product.shape.length - 1),
  );
  return reshapeNode(product, keep);
}

function batched(left: Node, right: Node): Node {
  const batch = broadcastShapes("matmul", left.shape.slice(0, -2), right.shape.slice(0, -2));
  const [m = 1, k = 1] = left.shape.slice(-2);
  const n = right.shape[right.shape.length - 1] ?? 1;
  const rank = batch.length;
  // An operand without batch axes keeps none: its product is one matrix product over all rows.
  const [M, N, K] = [rank, rank + 1, rank + 2];
  const labels = batch.map((_, axis) => axis);
  const a = left.shape.length === 2 ? left : expandNode(left, [...batch, m, k]);
  const b = right.shape.length === 2 ? right : expandNode(right, [...batch, k, n]);
  const aLabels = left.shape.length === 2 ? [M, K] : [...labels, M, K];
  const bLabels = right.shape.length === 2 ? [K, N] : [...labels, K, N];
  return contractNode(a, aLabels, b, bLabels, [...labels, M, N]);
}
