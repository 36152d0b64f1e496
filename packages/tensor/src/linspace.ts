// Evenly spaced numbers.
import { checkCreateOptions, type CreateOptions } from "./create.ts";
import { PrismaError } from "./errors.ts";
import { indexNode, mapNode, numberLike } from "./graph/build.ts";
import type { Node } from "./graph/node.ts";
import { castNode } from "./ops/checks.ts";
import { maybeCurrentDevice } from "./run/devices.ts";
import { assertShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Counts up from `start` in the first half and down from `end` in the second, so that both ends are exact (PyTorch's rule). */
function spaced(start: number, end: number, place: Node, count: number): Node {
  const number = (value: number): Node => numberLike(value, place);
  const step = number(count > 1 ? (end - start) / (count - 1) : 0);
  const up = mapNode("add", number(start), mapNode("mul", step, place));
  const left = mapNode("sub", number(count - 1), place);
  const down = mapNode("sub", number(end), mapNode("mul", step, left));
  return mapNode("select", mapNode("lt", place, number(count / 2)), up, down);
}

/**
 * `count` numbers from `start` to `end`, both included, evenly spaced; f32, or converted to `dtype`. [count].
 * @throws PrismaError ARGUMENT_INVALID for an end that is not finite, SHAPE_INVALID for a count that is not a whole number
 * @example
 * await linspace(0, 1, 5).array(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(
  start: number,
  end: number,
  count: number,
  options: CreateOptions = {},
): Tensor {
  checkCreateOptions("linspace", options);
  checkCreateOptions("linspace", options);
  assertShape("linspace", [count]);
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `linspace: from ${String(start)} to ${String(end)}: both must be finite numbers`,
      { start, end },
    );
  const place = castNode(indexNode([count], 0, options.device ?? maybeCurrentDevice()), "f32");
  return new Tensor(castNode(spaced(start, end, place, count), options.dtype ?? "f32"));
}
