// How a contraction is cut: which operand gives rows and which columns, the sizes of blocks, and where they lie in scratch.
import type { ContractKernel, Operand } from "../../schedule/kernel.ts";
import { sizeOf, type Shape } from "../../shape.ts";
import type { PackPath } from "./contract-pack.ts";
import type { Tile } from "./contract-tile.ts";
import { buffersRead, KernelParams } from "./kernel-params.ts";
import { ValueGraph, type GraphStore, type WordForm } from "./value-graph.ts";

/** Most rows of a block, most columns, and the steps along k that a block aims at: 256 KB and 64 KB of L2, and 8 KB of L1 for a panel. */
const MAX_ROWS = 256;
const MAX_COLUMNS = 64;
const DEPTH = 256;
const MAX_DEPTH = 384;
/** Bytes of left blocks for all of k that a call may keep, to use them again for its next columns. */
const KEPT_BYTES = 4 * 2 ** 20;

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Byte offsets in scratch. What the first word says is packed stays packed between the calls of a launch. */
export interface ScratchLayout {
  readonly packed: number;
  readonly rowTable: number;
  readonly columnTable: number;
  readonly depthTable: number;
  readonly sums: number;
  readonly rowBytes: number;
  readonly right: number;
  readonly left: number;
}

/** One operand as seen from its blocks: `axes` are its own, in the order batch, rows (or columns), k. */
export interface Side {
  readonly buffer: number;
  readonly form: WordForm;
  /** Words: sizes of the axes that are rows (or columns). */
  readonly sizes: readonly number[];
  /** The first of them among all axes of the stores. */
  readonly firstAxis: number;
  /** Elements of a panel. */
  readonly width: number;
  readonly path: PackPath;
}

/** Words with whole numbers the code reads. */
export interface ContractSizes {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Blocks along rows and columns, and the size of each but the last. */
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly depthStep: number;
  /** Bytes from the left block of one piece of k to the next: 0 where they are not kept. */
  readonly leftStep: number;
}

/** All that the code of a contraction depends on, and the figures of this one. */
export interface ContractPlan {
  readonly params: KernelParams;
  readonly graph: ValueGraph;
  readonly stores: readonly GraphStore[];
  /** Words: sizes of the batch axes and of the k axes. */
  readonly batch: readonly number[];
  readonly depth: readonly number[];
  readonly left: Side;
  readonly right: Side;
  readonly sizes: ContractSizes;
  readonly layout: ScratchLayout;
  readonly items: number;
  readonly scratchBytes: number;
  /** Outputs of an item (of the larger ones), and products for each. */
  readonly outputsPerItem: number;
  readonly productsPerOutput: number;
}

/** The cuts of `kernel` for a tile. */
export function planContract(kernel: ContractKernel, tile: Tile): ContractPlan {
  const params = new KernelParams(
    [kernel.a.buffer, kernel.b.buffer, ...buffersRead(kernel.stores.map((store) => store.value))],
    kernel.stores.map((store) => store.buffer),
  );
  const swapped = prefersRowLanes(kernel);
  const { batch, k } = kernel;
  const m: Part = { ...kernel.a, axes: kernel.m, firstAxis: batch.length };
  const n = withAxis(
    { ...kernel.b, axes: kernel.n, firstAxis: batch.length + kernel.m.length },
    batch.length,
  );
  const [rows, columns] = swapped ? [n, m] : [m, n];
  const figures = cut(sizeOf(rows.axes), sizeOf(columns.axes), sizeOf(k), tile);
  const words = (sizes: Shape): number[] => sizes.map((size) => params.constant(size));
  const rank = batch.length + m.axes.length + n.axes.length;
  const graph = new ValueGraph(params, rank, columns.firstAxis + columns.axes.length - 1);
  const depth = words(k);
  const side = (part: Part, width: number): Side => ({
    buffer: params.position(part.buffer),
    form: formOf(params, part, batch.length + part.axes.length + k.length),
    sizes: words(part.axes),
    firstAxis: part.firstAxis,
    width,
    path: packPath(part, k, width),
  });
  return {
    params,
    graph,
    depth,
    stores: kernel.stores.map((store) => graph.store(store)),
    batch: words(batch),
    left: side(rows, tile.rows),
    right: side(columns, tile.columns),
    sizes: mapValues(figures.sizes, (value) => params.constant(value)),
    layout: figures.layout,
    items: sizeOf(batch) * figures.sizes.rowBlocks * figures.sizes.columnBlocks,
    scratchBytes: figures.scratchBytes,
    outputsPerItem: figures.sizes.rowStep * figures.sizes.columnStep,
    productsPerOutput: figures.sizes.depth,
  };
}

/** An operand with its m or n axes. */
interface Part extends Operand {
  readonly axes: Shape;
  readonly firstAxis: number;
}

/** `part` with at least one axis of its own, after `batch` others: vectors need one to lie along. */
function withAxis(part: Part, batch: number): Part {
  if (part.axes.length > 0) return part;
  const { strides, offset } = part.form;
  return { ...part, axes: [1], form: { strides: strides.toSpliced(batch, 0, 0), offset } };
}

/** Whether vectors should run along m: where that is what stores do, or where n is too short for a vector. */
function prefersRowLanes({ batch, m, n, stores }: ContractKernel): boolean {
  if (m.length === 0) return false;
  const along = (axes: Shape, first: number): number =>
    axes.length === 0
      ? 0
      : stores.filter(({ form }) => form.strides[first + axes.length - 1] === 1).length;
  const [byRows, byColumns] = [along(m, batch.length), along(n, batch.length + m.length)];
  return byRows > byColumns || (sizeOf(n) < 4 && sizeOf(m) > sizeOf(n));
}

function formOf(params: KernelParams, { form }: Operand, rank: number): WordForm {
  const graph = new ValueGraph(params, rank, -1);
  const lowered = graph.forms[graph.form(form)];
  if (lowered === undefined) throw new RangeError("an operand has no form");
  return lowered;
}

/** Which axis of an operand's block is dense in memory, four elements at a time. */
function packPath({ form: { strides }, axes }: Part, k: Shape, width: number): PackPath {
  const dense = (list: Shape, end: number): boolean => {
    const last = list[list.length - 1];
    return last !== undefined && strides[end - 1] === 1 && (list.length === 1 || last % 4 === 0);
  };
  if (dense(k, strides.length)) return "depth";
  return width % 4 === 0 && dense(axes, strides.length - k.length) ? "rows" : "none";
}

/** Sizes of blocks, as numbers. */
function cut(
  rows: number,
  columns: number,
  depth: number,
  tile: Tile,
): { sizes: ContractSizes; layout: ScratchLayout; scratchBytes: number } {
  const depthBlocks = Math.max(1, Math.round(depth / DEPTH));
  const depthStep = Math.max(4, roundUp(Math.ceil(depth / depthBlocks), 4));
  const rowStep = evenStep(rows, MAX_ROWS, tile.rows);
  const columnStep = evenStep(columns, MAX_COLUMNS, tile.columns);
  const leftBlock = 4 * rowStep * depthStep;
  const kept = leftBlock * depthBlocks <= KEPT_BYTES;
  const layout = layOut(tile);
  return {
    sizes: {
      rows,
      columns,
      depth,
      rowStep,
      columnStep,
      depthStep,
      rowBlocks: Math.ceil(rows / rowStep),
      columnBlocks: Math.ceil(columns / columnStep),
      leftStep: kept ? leftBlock : 0,
    },
    layout,
    scratchBytes: layout.left + leftBlock * (kept ? depthBlocks : 1),
  };
}

/** The size of blocks, whole panels and at most `most`, that cut `total` most evenly. */
function evenStep(total: number, most: number, panel: number): number {
  const panels = Math.max(1, Math.ceil(total / panel));
  const blocks = Math.ceil(panels / Math.floor(most / panel));
  return panel * Math.ceil(panels / blocks);
}

function layOut(tile: Tile): ScratchLayout {
  const rowTable = 64;
  const columnTable = rowTable + 4 * (MAX_ROWS + tile.rows);
  const depthTable = columnTable + 4 * (MAX_COLUMNS + tile.columns);
  const sums = roundUp(depthTable + 4 * MAX_DEPTH, 64);
  const rowBytes = 4 * MAX_COLUMNS;
  // The last vector of a row's run may reach beyond the block.
  const right = roundUp(sums + rowBytes * MAX_ROWS + 16, 64);
  return {
    packed: 0,
    rowTable,
    columnTable,
    depthTable,
    sums,
    rowBytes,
    right,
    left: right + 4 * MAX_COLUMNS * MAX_DEPTH,
  };
}

function mapValues<K extends string>(
  record: Record<K, number>,
  map: (value: number) => number,
): Record<K, number> {
  const out = { ...record };
  for (const key in record) out[key] = map(record[key]);
  return out;
}
