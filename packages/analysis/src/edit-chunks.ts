// Runs of a sweep: which cells go into one batch, and at which block it starts.
import { getActName } from "@prisma/hooks";
import type { CheckedEdit } from "./edit-check.ts";
import type { EditableModel } from "./editable-model.ts";

/** Images of one run. */
const IMAGES_AT_ONCE = 16;

/** Edits that are made together. */
export type Cell<Name extends string> = readonly CheckedEdit<Name>[];

/** Neighbouring cells that start at one block and are run together. */
export interface Chunk<Name extends string> {
  /** Place of its first cell among all. */
  readonly first: number;
  readonly cells: readonly Cell<Name>[];
  /** Block before which the run starts; null for the embeddings. */
  readonly start: number | null;
}

/** The last block before which a run still meets all of `edits`; null when one of them is in the embeddings. */
function startOf<Name extends string>(
  { hookNames, layers }: EditableModel<Name>,
  edits: Cell<Name>,
): number | null {
  const firstBlock = hookNames.findIndex((name) => name.startsWith("blocks."));
  const starts = edits.map(({ name }) => {
    const layer = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer);
    return firstBlock >= 0 && hookNames.indexOf(name) > firstBlock ? layers : -1;
  });
  const start = Math.min(layers, ...starts);
  return start < 0 ? null : start;
}

/** The point at which the residual stream before block `start` is cached. */
export function residualName<Name extends string>(
  { layers }: EditableModel<Name>,
  start: number,
): Name {
  const name =
    start < layers ? getActName("resid_pre", start) : getActName("resid_post", layers - 1);
  // Every model of blocks has these; the model itself says so if not.
  return name as Name;
}

/** Cells in runs of at most `IMAGES_AT_ONCE` images, of about equal size. */
export function chunksOf<Name extends string>(
  model: EditableModel<Name>,
  cells: readonly Cell<Name>[],
  batch: number,
): Chunk<Name>[] {
  const starts = cells.map((edits) => startOf(model, edits));
  const most = Math.max(1, Math.floor(IMAGES_AT_ONCE / batch));
  const chunks: Chunk<Name>[] = [];
  for (let first = 0; first < cells.length;) {
    const start = starts[first] ?? null;
    const other = starts.findIndex((it, i) => i > first && it !== start);
    const end = other < 0 ? cells.length : other;
    const size = Math.ceil((end - first) / Math.ceil((end - first) / most));
    for (let at = first; at < end; at += size)
      chunks.push({ first: at, cells: cells.slice(at, Math.min(end, at + size)), start });
    first = end;
  }
  return chunks;
}
