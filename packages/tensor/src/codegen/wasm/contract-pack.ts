// Packing: copies a block of an operand into panels, in the order in which the product reads it.
import type { WasmTarget } from "./abi.ts";
import { Assembler, type Local } from "./assembler.ts";
import { KernelFunction } from "./kernel-function.ts";
import type { KernelParams } from "./kernel-params.ts";
import type { Stride } from "./value-graph.ts";

/**
 * Which elements of an operand lie side by side in memory, four at a time: those along k, those along the rows, or
 * neither. Groups of four start at multiples of four.
 */
export type PackPath = "depth" | "rows" | "none";

/**
 * A function (params, begin, end, table) that writes the byte offset of each of the places `[begin, end)` of a list of
 * axes (words: sizes), and repeats the last one `padding` times, so that blocks are filled up with elements that exist.
 */
export function emitOffsets(
  params: KernelParams,
  target: WasmTarget,
  axes: { readonly sizes: readonly number[]; readonly strides: readonly Stride[] },
  padding: number,
): Assembler {
  const fn = new KernelFunction(params, target);
  const { asm, scratch: table } = fn;
  const offset = asm.local("i32");
  const coordinates = axes.sizes.map(() => asm.local("i32"));
  fn.overItems(axes.sizes, coordinates, () => {
    asm.i32(0);
    fn.addPlace(axes.strides, coordinates).i32(2).op("i32.shl").set(offset);
    asm.get(table).get(offset).memory("i32.store");
    asm.get(table).i32(4).op("i32.add").set(table);
  });
  for (let i = 0; i < padding; i++)
    asm
      .get(table)
      .get(offset)
      .memory("i32.store", 4 * i);
  return asm;
}

/**
 * A function (source, rowTable, rows, depthTable, depth, panels) that packs the elements at
 * `source + rowTable[row] + depthTable[k]` into panels of `width` rows: for each k, the elements of the rows side by side.
 * The row table goes on to whole panels.
 */
export function emitPack(width: number, path: PackPath): Assembler {
  return new PackEmitter(width, path).emit();
}

class PackEmitter {
  readonly #asm = new Assembler(["i32", "i32", "i32", "i32", "i32", "i32"]);
  readonly #width: number;
  readonly #path: PackPath;
  readonly #source = this.#asm.param(0);
  readonly #rowTable = this.#asm.param(1);
  readonly #rows = this.#asm.param(2);
  readonly #depthTable = this.#asm.param(3);
  readonly #depth = this.#asm.param(4);
  readonly #panels = this.#asm.param(5);
  /** One past the last entry of the depth table. */
  readonly #depthEnd = this.#asm.local("i32");
  /** Current entry of the depth table, and where its elements go. */
  readonly #entry = this.#asm.local("i32");
  readonly #out = this.#asm.local("i32");

  constructor(width: number, path: PackPath) {
    this.#width = width;
    this.#path = path;
  }

  emit(): Assembler {
    const asm = this.#asm;
    asm.get(this.#depthTable).get(this.#depth).i32(2).op("i32.shl", "i32.add").set(this.#depthEnd);
    if (this.#path === "rows") this.#wholePanels();
    const last = asm.local("i32");
    asm.get(this.#rowTable).get(this.#rows).i32(2).op("i32.shl", "i32.add").set(last);
    this.#whileBelow(this.#rowTable, last, () => {
      for (const { first, size } of this.#groups()) this.#group(first, size);
      asm
        .get(this.#rowTable)
        .i32(4 * this.#width)
        .op("i32.add")
        .set(this.#rowTable);
      asm
        .get(this.#panels)
        .get(this.#depth)
        .i32(4 * this.#width)
        .op("i32.mul", "i32.add")
        .set(this.#panels);
    });
    return asm;
  }

  /** Rows of a panel in fours, then the rest. */
  #groups(): { first: number; size: number }[] {
    const count = Math.ceil(this.#width / 4);
    return Array.from({ length: count }, (_, i) => ({
      first: 4 * i,
      size: Math.min(4, this.#width - 4 * i),
    }));
  }

  #whileBelow(counter: Local, limit: Local, body: () => void): void {
    const asm = this.#asm;
    asm
      .get(counter)
      .get(limit)
      .op("i32.lt_u")
      .if(() =>
        asm.loop((next) => {
          body();
          asm.get(counter).get(limit).op("i32.lt_u").brIf(next);
        }),
      );
  }

  /** Packs all whole panels k by k, reading along the rows, and leaves the arguments at the panel that remains. */
  #wholePanels(): void {
    const asm = this.#asm;
    const [count, row, end, from, step] = [
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
    ];
    asm
      .get(this.#rows)
      .i32(this.#width)
      .op("i32.div_u")
      .tee(count)
      .i32(4 * this.#width)
      .op("i32.mul")
      .get(this.#rowTable)
      .op("i32.add")
      .set(end);
    asm
      .get(this.#depth)
      .i32(4 * this.#width)
      .op("i32.mul")
      .set(step);
    asm.get(this.#depthTable).set(this.#entry);
    asm.get(this.#panels).set(this.#out);
    this.#whileBelow(this.#entry, this.#depthEnd, () => {
      const out = asm.local("i32");
      asm.get(this.#source).get(this.#entry).memory("i32.load").op("i32.add").set(from);
      asm.get(this.#out).set(out).get(this.#rowTable).set(row);
      this.#whileBelow(row, end, () => {
        for (const { first } of this.#groups()) {
          asm
            .get(out)
            .get(from)
            .get(row)
            .memory("i32.load", 4 * first)
            .op("i32.add")
            .memory("v128.load")
            .memory("v128.store", 4 * first);
        }
        asm
          .get(row)
          .i32(4 * this.#width)
          .op("i32.add")
          .set(row);
        asm.get(out).get(step).op("i32.add").set(out);
      });
      this.#nextEntry(1);
    });
    asm.get(this.#panels).get(step).get(count).op("i32.mul", "i32.add").set(this.#panels);
    asm.get(this.#rows).get(count).i32(this.#width).op("i32.mul", "i32.sub").set(this.#rows);
    asm.get(end).set(this.#rowTable);
  }

  /** Packs `size` rows of the panel from its row `first`, for all k. */
  #group(first: number, size: number): void {
    const asm = this.#asm;
    const pointers = Array.from({ length: size }, () => asm.local("i32"));
    pointers.forEach((pointer, row) => {
      asm
        .get(this.#source)
        .get(this.#rowTable)
        .memory("i32.load", 4 * (first + row))
        .op("i32.add")
        .set(pointer);
    });
    asm.get(this.#depthTable).set(this.#entry);
    asm
      .get(this.#panels)
      .i32(4 * first)
      .op("i32.add")
      .set(this.#out);
    if (this.#path === "depth" && size === 4) this.#transposed(pointers);
    const from = asm.local("i32");
    this.#whileBelow(this.#entry, this.#depthEnd, () => {
      asm.get(this.#entry).memory("i32.load").set(from);
      pointers.forEach((pointer, row) => {
        asm
          .get(this.#out)
          .get(pointer)
          .get(from)
          .op("i32.add")
          .memory("i32.load")
          .memory("i32.store", 4 * row);
      });
      this.#nextEntry(1);
    });
  }

  /** Packs four rows four k at a time, as far as whole fours go. */
  #transposed(pointers: readonly Local[]): void {
    const asm = this.#asm;
    const [end, from] = [asm.local("i32"), asm.local("i32")];
    asm
      .get(this.#depthTable)
      .get(this.#depth)
      .i32(-4)
      .op("i32.and")
      .i32(2)
      .op("i32.shl", "i32.add")
      .set(end);
    this.#whileBelow(this.#entry, end, () => {
      asm.get(this.#entry).memory("i32.load").set(from);
      const rows = pointers.map((pointer) => {
        const row = asm.local("v128");
        asm.get(pointer).get(from).op("i32.add").memory("v128.load").set(row);
        return row;
      });
      transpose(asm, rows).forEach((column, k) =>
        asm
          .get(this.#out)
          .get(column)
          .memory("v128.store", 4 * this.#width * k),
      );
      this.#nextEntry(4);
    });
  }

  #nextEntry(steps: number): void {
    const asm = this.#asm;
    asm
      .get(this.#entry)
      .i32(4 * steps)
      .op("i32.add")
      .set(this.#entry);
    asm
      .get(this.#out)
      .i32(4 * this.#width * steps)
      .op("i32.add")
      .set(this.#out);
  }
}

/** The columns of the 4 by 4 matrix with these rows. */
function transpose(asm: Assembler, rows: readonly Local[]): Local[] {
  const mix = (
    a: Local | undefined,
    b: Local | undefined,
    lanes: readonly [number, number, number, number],
  ): Local => {
    if (a === undefined || b === undefined) throw new RangeError("four rows are needed");
    const mixed = asm.local("v128");
    asm.get(a).get(b).shuffle(lanes).set(mixed);
    return mixed;
  };
  const [a, b, c, d] = rows;
  const [ab, cd] = [mix(a, b, [0, 4, 1, 5]), mix(c, d, [0, 4, 1, 5])];
  const [abHigh, cdHigh] = [mix(a, b, [2, 6, 3, 7]), mix(c, d, [2, 6, 3, 7])];
  return [
    mix(ab, cd, [0, 1, 4, 5]),
    mix(ab, cd, [2, 3, 6, 7]),
    mix(abHigh, cdHigh, [0, 1, 4, 5]),
    mix(abHigh, cdHigh, [2, 3, 6, 7]),
  ];
}
