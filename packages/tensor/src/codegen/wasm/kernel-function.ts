// The `run` function of a kernel: its arguments, its parameter block, and the loops all families share.
import type { WasmTarget } from "./abi.ts";
import { Assembler, type Local, type ValueType } from "./assembler.ts";
import type { KernelParams } from "./kernel-params.ts";
import type { Stride, WordForm } from "./value-graph.ts";

/** Consecutive items along the last axis. */
export interface Run {
  readonly start: Local;
  readonly count: Local;
}

/** A `run` function under construction (see `abi.ts` for its arguments), or a helper of one with further arguments. */
export class KernelFunction {
  readonly asm: Assembler;
  readonly begin: Local;
  readonly end: Local;
  readonly scratch: Local;

  /** @param extraArguments i32 arguments that follow those of `run` */
  constructor(
    readonly params: KernelParams,
    readonly target: WasmTarget,
    extraArguments = 0,
  ) {
    this.asm = new Assembler(new Array<ValueType>(4 + extraArguments).fill("i32"));
    this.begin = this.asm.param(1);
    this.end = this.asm.param(2);
    this.scratch = this.asm.param(3);
  }

  /** Pushes a parameter word as i32. */
  pushWord(word: number): Assembler {
    return this.asm.get(this.asm.param(0)).memory("i32.load", this.params.wordOffset(word));
  }

  /** Pushes a parameter word as four equal lanes. */
  pushWordLanes(word: number): Assembler {
    return this.asm
      .get(this.asm.param(0))
      .memory("v128.load32_splat", this.params.wordOffset(word));
  }

  /** Pushes the byte address of the buffer at `position`. */
  pushAddress(position: number): Assembler {
    return this.asm.get(this.asm.param(0)).memory("i32.load", this.params.addressOffset(position));
  }

  /** Pushes the place of `form` in elements; axes without a coordinate stand at zero. */
  pushPlace(form: WordForm, coordinates: readonly (Local | null | undefined)[]): Assembler {
    this.pushWord(form.offset);
    return this.addPlace(form.strides, coordinates);
  }

  /** Adds to the place on the stack, in elements, what `coordinates` contribute; axes without one stand at zero. */
  addPlace(
    strides: readonly Stride[],
    coordinates: readonly (Local | null | undefined)[],
  ): Assembler {
    const { asm } = this;
    strides.forEach((stride, axis) => {
      const coordinate = coordinates[axis];
      if (stride === "zero" || coordinate === null || coordinate === undefined) return;
      asm.get(coordinate);
      if (stride !== "one") {
        this.pushWord(stride);
        asm.op("i32.mul");
      }
      asm.op("i32.add");
    });
    return asm;
  }

  /** The module's bytes. */
  assemble(): Uint8Array<ArrayBuffer> {
    return this.asm.assemble(this.target);
  }

  /** Runs `body` while `counter` is below `limit` (unsigned); `body` must raise `counter`. */
  whileBelow(counter: Local, limit: Local, body: () => void): void {
    const { asm } = this;
    asm
      .get(counter)
      .get(limit)
      .op("i32.lt_u")
      .if(() => {
        asm.loop((next) => {
          body();
          asm.get(counter).get(limit).op("i32.lt_u").brIf(next);
        });
      });
  }

  /** Runs `body` for every coordinate of axes of the given sizes (words), row-major from zero; sets `coordinates`. */
  overAxes(sizes: readonly number[], coordinates: readonly Local[], body: () => void): void {
    const [[size, ...inner], [coordinate, ...rest]] = [sizes, coordinates];
    if (size === undefined || coordinate === undefined) return body();
    const { asm } = this;
    const limit = asm.local("i32");
    this.pushWord(size).set(limit);
    asm.i32(0).set(coordinate);
    this.whileBelow(coordinate, limit, () => {
      this.overAxes(inner, rest, body);
      asm.get(coordinate).i32(1).op("i32.add").set(coordinate);
    });
  }

  /**
   * Runs `body` for each run along the last of the axes of the given sizes (words; at least one) that covers the items
   * `[begin, end)` in row-major order: `run.count` items from `run.start` on the last axis, the other axes standing at
   * `coordinates`, which are set.
   */
  overRuns(
    sizes: readonly number[],
    coordinates: readonly Local[],
    body: (run: Run) => void,
  ): void {
    const { asm, begin, end } = this;
    const last = sizes[sizes.length - 1];
    if (last === undefined) throw new RangeError("runs need an axis");
    const [start, count, item, left, room] = [
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
    ];
    this.#decompose(sizes, [...coordinates, start], item);
    asm.get(begin).set(item);
    this.whileBelow(item, end, () => {
      asm.get(end).get(item).op("i32.sub").set(left);
      this.pushWord(last).get(start).op("i32.sub").set(room);
      asm.get(left).get(room).get(left).get(room).op("i32.lt_u", "select").set(count);
      body({ start, count });
      asm.get(item).get(count).op("i32.add").set(item);
      asm.i32(0).set(start);
      this.advance(sizes.slice(0, -1), coordinates);
    });
  }

  /** Runs `body` for each item in `[begin, end)`, a row-major index over axes of the given sizes (words); sets `coordinates`. */
  overItems(sizes: readonly number[], coordinates: readonly Local[], body: () => void): void {
    const { asm, begin, end } = this;
    const item = asm.local("i32");
    this.#decompose(sizes, coordinates, item);
    asm.get(begin).set(item);
    this.whileBelow(item, end, () => {
      body();
      asm.get(item).i32(1).op("i32.add").set(item);
      this.advance(sizes, coordinates);
    });
  }

  /** Sets the coordinates of item `begin`; `rest` is a local to work in. */
  #decompose(sizes: readonly number[], coordinates: readonly Local[], rest: Local): void {
    const { asm } = this;
    asm
      .get(this.begin)
      .get(this.end)
      .op("i32.ge_u")
      .if(() => asm.op("return"));
    asm.get(this.begin).set(rest);
    this.unravel(sizes, coordinates, rest);
  }

  /** Sets the coordinates, on axes of the given sizes (words), of the row-major place in `rest`, which is used up. */
  unravel(sizes: readonly number[], coordinates: readonly Local[], rest: Local): void {
    const { asm } = this;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [size, coordinate] = [sizes[axis], coordinates[axis]];
      if (size === undefined || coordinate === undefined) continue;
      asm.get(rest);
      this.pushWord(size).op("i32.rem_u").set(coordinate).get(rest);
      this.pushWord(size).op("i32.div_u").set(rest);
    }
  }

  /** Steps the coordinates to the next item, last axis first. */
  advance(sizes: readonly number[], coordinates: readonly Local[]): void {
    const { asm } = this;
    const [size, coordinate] = [sizes[sizes.length - 1], coordinates[coordinates.length - 1]];
    if (size === undefined || coordinate === undefined) return;
    asm.get(coordinate).i32(1).op("i32.add").tee(coordinate);
    this.pushWord(size)
      .op("i32.ge_u")
      .if(() => {
        asm.i32(0).set(coordinate);
        this.advance(sizes.slice(0, -1), coordinates.slice(0, -1));
      });
  }
}
