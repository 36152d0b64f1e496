// Renders contractions: blocks of both operands are packed, multiplied tile by tile, and written back with the epilogue.
import type { ContractKernel } from "../../schedule/kernel.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import type { Assembler, Local } from "./assembler.ts";
import { emitOffsets, emitPack } from "./contract-pack.ts";
import { planContract, type ContractPlan, type Side } from "./contract-plan.ts";
import { DEFAULT_TILE, emitTiles, type Tile } from "./contract-tile.ts";
import { emitWriteBack } from "./contract-write-back.ts";
import { estimateCost } from "./estimate-cost.ts";
import { KernelFunction } from "./kernel-function.ts";

/** Products of one element pair in half a nanosecond; seen on a Zen 3 core. */
const PRODUCTS_PER_UNIT = 8;

/** `kernel` as a program; its work items are blocks of the output, columns innermost, then rows, then batch. */
export function renderContract(
  kernel: ContractKernel,
  target: WasmTarget,
  tile: Tile = DEFAULT_TILE,
): WasmProgram {
  const plan = planContract(kernel, tile);
  const { params, graph, left, right, batch, depth, sizes, stores } = plan;
  const laneAxis = right.firstAxis + right.sizes.length - 1;
  return {
    key: `contract ${JSON.stringify([tile, left, right, batch, depth, sizes, stores])} ${graph.text}`,
    code: () => new ContractEmitter(plan, target, tile).emit(),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: plan.items,
    scratchBytes: plan.scratchBytes,
    costPerItem:
      plan.outputsPerItem *
      (plan.productsPerOutput / PRODUCTS_PER_UNIT + estimateCost(graph, laneAxis)),
  };
}

/** Functions of the module beside `run`, by position. */
const HELPERS = [
  "tiles",
  "writeBack",
  "packLeft",
  "packRight",
  "rowOffsets",
  "columnOffsets",
  "leftDepthOffsets",
  "rightDepthOffsets",
] as const;
type Helper = (typeof HELPERS)[number];

/** A range that the code walks in steps. */
interface Cut {
  readonly first: Local;
  readonly last: Local;
}

class ContractEmitter {
  readonly #plan: ContractPlan;
  readonly #target: WasmTarget;
  readonly #tile: Tile;
  readonly #fn: KernelFunction;
  readonly #asm: Assembler;
  readonly #batch: Local;
  readonly #group: Local;
  readonly #rows: Cut;
  readonly #columns: Cut;
  readonly #depth: Cut;
  /** 1 where the left blocks of this group are not packed yet. */
  readonly #stale: Local;
  readonly #leftBlock: Local;

  constructor(plan: ContractPlan, target: WasmTarget, tile: Tile) {
    this.#plan = plan;
    this.#target = target;
    this.#tile = tile;
    this.#fn = new KernelFunction(plan.params, target);
    this.#asm = this.#fn.asm;
    const cut = (): Cut => ({ first: this.#asm.local("i32"), last: this.#asm.local("i32") });
    this.#batch = this.#asm.local("i32");
    this.#group = this.#asm.local("i32");
    [this.#rows, this.#columns, this.#depth] = [cut(), cut(), cut()];
    this.#stale = this.#asm.local("i32");
    this.#leftBlock = this.#asm.local("i32");
  }

  emit(): Uint8Array<ArrayBuffer> {
    const asm = this.#asm;
    const { begin, end } = this.#fn;
    const item = asm.local("i32");
    asm.get(begin).set(item);
    this.#fn.whileBelow(item, end, () => {
      this.#locate(item);
      this.#item();
      asm.get(item).i32(1).op("i32.add").set(item);
    });
    return asm.assemble(
      this.#target,
      HELPERS.map((helper) => this.#helper(helper)),
    );
  }

  #helper(helper: Helper): Assembler {
    const { params, left, right, depth, layout, batch } = this.#plan;
    const target = this.#target;
    const offsets = ({ form, sizes, width }: Side): Assembler =>
      emitOffsets(
        params,
        target,
        { sizes, strides: form.strides.slice(batch.length, batch.length + sizes.length) },
        width - 1,
      );
    const depthOffsets = ({ form, sizes }: Side): Assembler =>
      emitOffsets(
        params,
        target,
        { sizes: depth, strides: form.strides.slice(batch.length + sizes.length) },
        0,
      );
    switch (helper) {
      case "tiles":
        return emitTiles(this.#tile, target, layout.rowBytes);
      case "writeBack":
        return emitWriteBack(this.#plan, target);
      case "packLeft":
        return emitPack(left.width, left.path);
      case "packRight":
        return emitPack(right.width, right.path);
      case "rowOffsets":
        return offsets(left);
      case "columnOffsets":
        return offsets(right);
      case "leftDepthOffsets":
        return depthOffsets(left);
      case "rightDepthOffsets":
        return depthOffsets(right);
    }
  }

  #call(helper: Helper): Assembler {
    return this.#asm.callHelper(HELPERS.indexOf(helper));
  }

  /** Finds batch, group (batch and rows), rows and columns of an item. */
  #locate(item: Local): void {
    const asm = this.#asm;
    const fn = this.#fn;
    const { sizes } = this.#plan;
    const block = (cut: Cut, step: number, limit: number): void => {
      fn.pushWord(step).op("i32.mul").set(cut.first);
      this.#limit(cut, step, limit);
    };
    asm.get(item);
    fn.pushWord(sizes.columnBlocks).op("i32.div_u").set(this.#group).get(item);
    fn.pushWord(sizes.columnBlocks).op("i32.rem_u");
    block(this.#columns, sizes.columnStep, sizes.columns);
    asm.get(this.#group);
    fn.pushWord(sizes.rowBlocks).op("i32.div_u").set(this.#batch).get(this.#group);
    fn.pushWord(sizes.rowBlocks).op("i32.rem_u");
    block(this.#rows, sizes.rowStep, sizes.rows);
  }

  /** Sets the end of a piece of `step` (a word) from its start, at most `limit` (a word). */
  #limit({ first, last }: Cut, step: number, limit: number): void {
    const asm = this.#asm;
    asm.get(first);
    this.#fn.pushWord(step).op("i32.add").tee(last);
    this.#fn.pushWord(limit).get(last);
    this.#fn.pushWord(limit).op("i32.lt_u", "select").set(last);
  }

  /** Computes one block of the output. */
  #item(): void {
    const asm = this.#asm;
    const fn = this.#fn;
    const { layout, sizes } = this.#plan;
    const [left, right] = [this.#operand(this.#plan.left), this.#operand(this.#plan.right)];
    this.#fillTable("columnOffsets", this.#columns, layout.columnTable);
    asm
      .get(fn.scratch)
      .memory("i32.load", layout.packed)
      .get(this.#group)
      .i32(1)
      .op("i32.add", "i32.ne")
      .set(this.#stale);
    asm.get(this.#stale).if(() => this.#fillTable("rowOffsets", this.#rows, layout.rowTable));
    this.#pushScratch(layout.left).set(this.#leftBlock);
    asm.i32(0).set(this.#depth.first);
    asm.loop((next) => {
      this.#limit(this.#depth, sizes.depthStep, sizes.depth);
      asm.get(this.#stale).if(() => this.#pack("Left", left, this.#rows));
      this.#pack("Right", right, this.#columns);
      this.#multiply();
      asm.get(this.#leftBlock);
      fn.pushWord(sizes.leftStep).op("i32.add").set(this.#leftBlock);
      asm.get(this.#depth.last).tee(this.#depth.first);
      fn.pushWord(sizes.depth).op("i32.lt_u").brIf(next);
    });
    // What is packed counts only where all pieces of k are kept.
    asm.get(fn.scratch).get(this.#group).i32(1).op("i32.add").i32(0);
    fn.pushWord(sizes.leftStep).op("select").memory("i32.store", layout.packed);
    asm.get(asm.param(0)).get(this.#columns.first).get(this.#columns.last);
    this.#pushScratch(layout.sums).get(this.#batch).get(this.#rows.first).get(this.#rows.last);
    this.#call("writeBack");
  }

  /** The byte address of an operand's element at the item's batch and zeros. */
  #operand({ buffer, form }: Side): Local {
    const asm = this.#asm;
    const fn = this.#fn;
    const [address, rest] = [asm.local("i32"), asm.local("i32")];
    const coordinates = this.#plan.batch.map(() => asm.local("i32"));
    asm.get(this.#batch).set(rest);
    fn.unravel(this.#plan.batch, coordinates, rest);
    fn.pushPlace(form, coordinates).i32(2).op("i32.shl");
    fn.pushAddress(buffer).op("i32.add").set(address);
    return address;
  }

  #fillTable(helper: Helper, { first, last }: Cut, table: number): void {
    this.#asm.get(this.#asm.param(0)).get(first).get(last);
    this.#pushScratch(table);
    this.#call(helper);
  }

  #pack(which: "Left" | "Right", source: Local, rows: Cut): void {
    const asm = this.#asm;
    const { layout } = this.#plan;
    this.#fillTable(
      which === "Left" ? "leftDepthOffsets" : "rightDepthOffsets",
      this.#depth,
      layout.depthTable,
    );
    asm.get(source);
    this.#pushScratch(which === "Left" ? layout.rowTable : layout.columnTable);
    this.#pushLength(rows);
    this.#pushScratch(layout.depthTable);
    this.#pushLength(this.#depth);
    if (which === "Left") asm.get(this.#leftBlock);
    else this.#pushScratch(layout.right);
    this.#call(which === "Left" ? "packLeft" : "packRight");
  }

  #multiply(): void {
    const asm = this.#asm;
    const { layout, left, right } = this.#plan;
    asm.get(this.#leftBlock);
    this.#pushScratch(layout.right);
    this.#pushScratch(layout.sums);
    this.#pushLength(this.#depth);
    this.#pushLength(this.#rows)
      .i32(left.width - 1)
      .op("i32.add")
      .i32(left.width)
      .op("i32.div_u");
    this.#pushLength(this.#columns)
      .i32(right.width - 1)
      .op("i32.add")
      .i32(right.width)
      .op("i32.div_u");
    asm.get(this.#depth.first);
    this.#call("tiles");
  }

  #pushLength({ first, last }: Cut): Assembler {
    return this.#asm.get(last).get(first).op("i32.sub");
  }

  #pushScratch(offset: number): Assembler {
    return this.#asm.get(this.#fn.scratch).i32(offset).op("i32.add");
  }
}
