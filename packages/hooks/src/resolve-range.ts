// Which part of a model a call runs.
import { PrismaError } from "@prisma/tensor";
import type { LayerRange, ResolvedRange } from "./run-options.ts";

function layerOf(
  options: LayerRange,
  name: keyof LayerRange,
  { layers, fallback }: { readonly layers: number; readonly fallback: number },
): number {
  const layer = options[name];
  if (layer === undefined) return fallback;
  const at = layer < 0 ? layer + layers : layer;
  if (Number.isInteger(at) && at >= 0 && at <= layers) return at;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${name} is ${layer}; the model has layers 0 to ${layers - 1}`,
    { layer, layers },
  );
}

/**
 * The part of a model of `layers` blocks that `options` mean; negatives count from the end.
 * @throws PrismaError ARGUMENT_INVALID for a layer that is not there, and a start after the stop
 */
export function resolveRange(options: LayerRange, layers: number): ResolvedRange {
  const start = layerOf(options, "startAtLayer", { layers, fallback: 0 });
  const stop = layerOf(options, "stopAtLayer", { layers, fallback: layers });
  if (start > stop) {
    throw new PrismaError("ARGUMENT_INVALID", `startAtLayer ${start} is after stopAtLayer ${stop}`);
  }
  return {
    embed: options.startAtLayer === undefined,
    start,
    stop,
    head: options.stopAtLayer === undefined,
  };
}
