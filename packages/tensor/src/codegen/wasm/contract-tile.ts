// The heart of a contraction: the product of two packed blocks, tile by tile, with the tile's sums held in registers.
import type { WasmTarget } from "./abi.ts";
import { Assembler, type Local } from "./assembler.ts";

/** How the product of two blocks is cut into registers and instructions. No choice changes a bit of the result. */
export interface Tile {
  /** Rows of the left block computed together. */
  readonly rows: number;
  /** Columns of the right block computed together; a multiple of 4. */
  readonly columns: number;
  /** Steps along k written out in the loop's body. */
  readonly unroll: number;
  /** Whether a left element is loaded just before its products or all of a step's come first. */
  readonly order: "splat-before-use" | "loads-first";
}

/** 14 live vectors: fits 16 registers also where the engine moves all loads of a step to its front (V8 before Turboshaft). */
export const DEFAULT_TILE: Tile = { rows: 4, columns: 8, unroll: 1, order: "splat-before-use" };

/** Bytes from one row of the block of sums to the next. */
export type RowBytes = number;

/**
 * A function (left, right, sums, depth, leftPanels, rightPanels, continued) that adds the product of two packed blocks to
 * a block of sums with rows of `rowBytes` bytes; where `continued` is 0 the sums start at zero. A panel of the left block
 * holds `rows` elements for each of `depth` steps, one of the right block `columns`. Sums are whole tiles.
 */
export function emitTiles(tile: Tile, target: WasmTarget, rowBytes: RowBytes): Assembler {
  return new TileEmitter(tile, target, rowBytes).emit();
}

class TileEmitter {
  readonly #asm = new Assembler(["i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  readonly #tile: Tile;
  readonly #target: WasmTarget;
  readonly #rowBytes: RowBytes;
  readonly #sums: readonly Local[][];
  readonly #splat: readonly Local[];
  readonly #vectors: readonly Local[];
  /** Next elements of the current panels. */
  readonly #left = this.#asm.local("i32");
  readonly #right = this.#asm.local("i32");
  /** Top left corner of the current tile. */
  readonly #corner = this.#asm.local("i32");

  constructor(tile: Tile, target: WasmTarget, rowBytes: RowBytes) {
    const locals = (count: number): Local[] =>
      Array.from({ length: count }, () => this.#asm.local("v128"));
    this.#tile = tile;
    this.#target = target;
    this.#rowBytes = rowBytes;
    this.#sums = locals(tile.rows).map(() => locals(tile.columns / 4));
    this.#splat = locals(tile.rows);
    this.#vectors = locals(tile.columns / 4);
  }

  emit(): Assembler {
    const asm = this.#asm;
    const { rows, columns } = this.#tile;
    const [left, right, sums, depth, leftPanels, rightPanels] = [0, 1, 2, 3, 4, 5].map((position) =>
      asm.param(position),
    );
    if (!left || !right || !sums || !depth || !leftPanels || !rightPanels)
      throw new RangeError("arguments are missing");
    this.#times(rightPanels, () => {
      asm.get(left).set(this.#left).get(sums).set(this.#corner);
      this.#times(leftPanels, () => {
        this.#oneTile(right, depth);
        asm
          .get(this.#corner)
          .i32(rows * this.#rowBytes)
          .op("i32.add")
          .set(this.#corner);
      });
      asm
        .get(right)
        .get(depth)
        .i32(4 * columns)
        .op("i32.mul", "i32.add")
        .set(right);
      asm
        .get(sums)
        .i32(4 * columns)
        .op("i32.add")
        .set(sums);
    });
    return asm;
  }

  /** Runs `body` `count` times. */
  #times(count: Local, body: () => void): void {
    const asm = this.#asm;
    const left = asm.local("i32");
    asm
      .get(count)
      .tee(left)
      .if(() =>
        asm.loop((next) => {
          body();
          asm.get(left).i32(1).op("i32.sub").tee(left).brIf(next);
        }),
      );
  }

  #oneTile(rightPanel: Local, depth: Local): void {
    const asm = this.#asm;
    const { unroll } = this.#tile;
    const turns = asm.local("i32");
    this.#startSums();
    asm.get(rightPanel).set(this.#right);
    asm.get(depth).i32(unroll).op("i32.div_u").set(turns);
    this.#times(turns, () => this.#steps(unroll));
    if (unroll > 1) {
      asm.get(depth).i32(unroll).op("i32.rem_u").set(turns);
      this.#times(turns, () => this.#steps(1));
    }
    this.#forSums((sum, offset) => asm.get(this.#corner).get(sum).memory("v128.store", offset));
  }

  #startSums(): void {
    const asm = this.#asm;
    asm.get(asm.param(6)).if(
      () =>
        this.#forSums((sum, offset) => asm.get(this.#corner).memory("v128.load", offset).set(sum)),
      () => this.#forSums((sum) => asm.v128([0, 0, 0, 0]).set(sum)),
    );
  }

  #forSums(body: (sum: Local, offset: number) => void): void {
    this.#sums.forEach((row, r) => row.forEach((sum, v) => body(sum, r * this.#rowBytes + 16 * v)));
  }

  /** `count` steps along k, then the panels' pointers move on. */
  #steps(count: number): void {
    const asm = this.#asm;
    const { rows, columns, order } = this.#tile;
    for (let step = 0; step < count; step++) {
      this.#vectors.forEach((vector, v) =>
        asm
          .get(this.#right)
          .memory("v128.load", 4 * columns * step + 16 * v)
          .set(vector),
      );
      if (order === "loads-first") this.#splat.forEach((_, row) => this.#loadSplat(row, step));
      this.#splat.forEach((splat, row) => {
        if (order === "splat-before-use") this.#loadSplat(row, step);
        this.#sums[row]?.forEach((sum, v) => this.#accumulate(sum, splat, this.#vectors[v]));
      });
    }
    asm
      .get(this.#left)
      .i32(4 * rows * count)
      .op("i32.add")
      .set(this.#left);
    asm
      .get(this.#right)
      .i32(4 * columns * count)
      .op("i32.add")
      .set(this.#right);
  }

  #loadSplat(row: number, step: number): void {
    const splat = this.#splat[row];
    if (splat !== undefined)
      this.#asm
        .get(this.#left)
        .memory("v128.load32_splat", 4 * (this.#tile.rows * step + row))
        .set(splat);
  }

  #accumulate(sum: Local, splat: Local, vector: Local | undefined): void {
    if (vector === undefined) throw new RangeError("the tile's columns are not a multiple of 4");
    const asm = this.#asm;
    if (this.#target.relaxed) asm.get(splat).get(vector).get(sum).op("f32x4.relaxed_madd").set(sum);
    else asm.get(sum).get(splat).get(vector).op("f32x4.mul", "f32x4.add").set(sum);
  }
}
