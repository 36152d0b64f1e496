// The WGSL code generator: one renderer per kernel family.
import type { Family, Kernel } from "../../schedule/kernel.ts";
import { renderContract } from "./render-contract.ts";
import { renderMap } from "./render-map.ts";
import { renderReduce } from "./render-reduce.ts";
import { renderRows } from "./render-rows.ts";
import { renderScatter } from "./render-scatter.ts";
import { renderSort } from "./render-sort.ts";
import { renderTopK } from "./render-top-k.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

type Renderers = {
  readonly [F in Family]: (
    kernel: Extract<Kernel, { family: F }>,
    target: WgslTarget,
  ) => WgslProgram;
};

const RENDERERS: Renderers = {
  map: renderMap,
  rows: renderRows,
  reduce: renderReduce,
  contract: renderContract,
  scatter: renderScatter,
  sort: renderSort,
  topK: renderTopK,
};

/** `kernel` as a WGSL program. */
export function renderShader<F extends Family>(
  kernel: Extract<Kernel, { family: F }>,
  target: WgslTarget,
): WgslProgram {
  const render: Renderers[F] = RENDERERS[kernel.family as F];
  return render(kernel, target);
}
