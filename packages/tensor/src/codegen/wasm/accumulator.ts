// Accumulators of reductions: four lanes that take in values vector by vector, and how the lanes become one.
import type { MachineType } from "../../dtype.ts";
import type { Reduction } from "../../graph/node.ts";
import type { Assembler, Local } from "./assembler.ts";
import type { PlainOp } from "./opcodes.ts";

/** The running result of a reduction, in locals. Lane l of every vector goes to lane l, in order. */
export interface Accumulator {
  /** Starts anew. */
  reset(): void;
  /** Starts a partial result; values are taken in between `open` and `close`. */
  open(): void;
  /** Takes in a vector; lanes outside `mask` are left out. `pushPlaces` pushes the places of the lanes. */
  take(value: Local, mask: Local | null, pushPlaces: () => void): void;
  /** Adds the partial result to the whole. */
  close(): void;
  /** The result of each lane. */
  lanes(): Local;
  /** The result over all lanes, in every lane. */
  across(): Local;
}

type Words = readonly [number, number, number, number];
type Fold = { readonly op: PlainOp; readonly identity: number };

const FLOAT_ONE = 0x3f800000;
const INFINITY = 0x7f800000;
const MINUS_INFINITY = 0xff800000;
const ALL_ONES = 0xffffffff;
const NO_PLACE = 0x7fffffff;

const SUM = { op: "i32x4.add", identity: 0 } as const;
const PRODUCT = { op: "i32x4.mul", identity: 1 } as const;
const MAX: Record<MachineType, Fold> = {
  f32: { op: "f32x4.max", identity: MINUS_INFINITY },
  i32: { op: "i32x4.max_s", identity: 0x80000000 },
  u32: { op: "i32x4.max_u", identity: 0 },
  bool: { op: "v128.or", identity: 0 },
};
const MIN: Record<MachineType, Fold> = {
  f32: { op: "f32x4.min", identity: INFINITY },
  i32: { op: "i32x4.min_s", identity: 0x7fffffff },
  u32: { op: "i32x4.min_u", identity: ALL_ONES },
  bool: { op: "v128.and", identity: ALL_ONES },
};
const FOLDS: Record<"sum" | "prod" | "max" | "min", Record<MachineType, Fold>> = {
  sum: { f32: { op: "f32x4.add", identity: 0 }, i32: SUM, u32: SUM, bool: SUM },
  prod: {
    f32: { op: "f32x4.mul", identity: FLOAT_ONE },
    i32: PRODUCT,
    u32: PRODUCT,
    bool: PRODUCT,
  },
  max: MAX,
  min: MIN,
};

/** An accumulator for `fn` over values of `dtype`; `ways` vectors in turn, so that an addition need not wait for the last. */
export function createAccumulator(
  asm: Assembler,
  fn: Reduction,
  dtype: MachineType,
  ways: 1 | 2,
): Accumulator {
  if (fn === "argmax" || fn === "argmin") return new PlaceAccumulator(asm, fn, dtype);
  if (dtype === "f32" && (fn === "max" || fn === "min")) return new ExtremeAccumulator(asm, fn);
  return new FoldAccumulator(asm, FOLDS[fn][dtype], ways);
}

/** Sums, products, and extremes of integers. */
class FoldAccumulator implements Accumulator {
  readonly #asm: Assembler;
  readonly #fold: Fold;
  readonly #partial: Local;
  readonly #other: Local | null;
  readonly #total: Local;

  constructor(asm: Assembler, fold: Fold, ways: 1 | 2) {
    this.#asm = asm;
    this.#fold = fold;
    this.#partial = asm.local("v128");
    this.#other = ways === 2 ? asm.local("v128") : null;
    this.#total = asm.local("v128");
  }

  reset(): void {
    this.#asm.v128(splat(this.#fold.identity)).set(this.#total);
  }

  open(): void {
    this.#asm.v128(splat(this.#fold.identity)).set(this.#partial);
    if (this.#other !== null) this.#asm.get(this.#partial).set(this.#other);
  }

  take(value: Local, mask: Local | null): void {
    const asm = this.#asm;
    asm.get(this.#partial);
    pushActive(asm, value, mask, this.#fold.identity);
    asm.op(this.#fold.op);
    // With two ways the sum that was not added to is next; they are equals at the end, so their order is free.
    if (this.#other !== null) asm.get(this.#other).set(this.#partial).set(this.#other);
    else asm.set(this.#partial);
  }

  close(): void {
    const asm = this.#asm;
    asm.get(this.#total).get(this.#partial);
    if (this.#other !== null) asm.get(this.#other).op(this.#fold.op);
    asm.op(this.#fold.op).set(this.#total);
  }

  lanes(): Local {
    return this.#total;
  }

  across(): Local {
    return foldAcross(this.#asm, this.#total, this.#fold.op);
  }
}

/** f32 max and min. The quick instructions lose NaN, so the lanes that met one are remembered apart. */
class ExtremeAccumulator implements Accumulator {
  readonly #asm: Assembler;
  readonly #fold: Fold;
  readonly #quick: PlainOp;
  readonly #best: Local;
  readonly #nan: Local;

  constructor(asm: Assembler, fn: "max" | "min") {
    this.#asm = asm;
    this.#fold = FOLDS[fn].f32;
    this.#quick = fn === "max" ? "f32x4.pmax" : "f32x4.pmin";
    this.#best = asm.local("v128");
    this.#nan = asm.local("v128");
  }

  reset(): void {
    this.#asm.v128(splat(this.#fold.identity)).set(this.#best).v128(splat(0)).set(this.#nan);
  }

  open(): void {}

  take(value: Local, mask: Local | null): void {
    const asm = this.#asm;
    const active = asm.local("v128");
    pushActive(asm, value, mask, this.#fold.identity);
    asm.set(active);
    asm.get(this.#best).get(active).op(this.#quick).set(this.#best);
    asm.get(active).get(active).op("f32x4.ne").get(this.#nan).op("v128.or").set(this.#nan);
  }

  close(): void {}

  lanes(): Local {
    // All ones are a NaN.
    this.#asm.get(this.#best).get(this.#nan).op("v128.or").set(this.#best);
    return this.#best;
  }

  across(): Local {
    return foldAcross(this.#asm, this.lanes(), this.#fold.op);
  }
}

/** argmax and argmin: the best value of each lane and its first place. */
class PlaceAccumulator implements Accumulator {
  readonly #asm: Assembler;
  readonly #worst: number;
  readonly #better: PlainOp;
  readonly #float: boolean;
  readonly #best: Local;
  readonly #place: Local;

  constructor(asm: Assembler, fn: "argmax" | "argmin", dtype: MachineType) {
    this.#asm = asm;
    this.#worst = (fn === "argmax" ? MAX : MIN)[dtype].identity;
    const order = fn === "argmax" ? "gt" : "lt";
    this.#float = dtype === "f32";
    this.#better = this.#float
      ? `f32x4.${order}`
      : dtype === "i32"
        ? `i32x4.${order}_s`
        : `i32x4.${order}_u`;
    this.#best = asm.local("v128");
    this.#place = asm.local("v128");
  }

  reset(): void {
    this.#asm.v128(splat(this.#worst)).set(this.#best).v128(splat(NO_PLACE)).set(this.#place);
  }

  open(): void {}

  take(value: Local, mask: Local | null, pushPlaces: () => void): void {
    const asm = this.#asm;
    const [active, won] = [asm.local("v128"), asm.local("v128")];
    pushActive(asm, value, mask, this.#worst);
    asm.set(active);
    this.#pushBetter(active, this.#best);
    asm.set(won);
    asm.get(active).get(this.#best).get(won).op("v128.bitselect").set(this.#best);
    pushPlaces();
    asm.get(this.#place).get(won).op("v128.bitselect").set(this.#place);
  }

  close(): void {}

  lanes(): Local {
    const asm = this.#asm;
    const result = asm.local("v128");
    // A lane where nothing was better than the worst has the worst value everywhere, first at place 0.
    asm
      .get(this.#place)
      .get(this.#place)
      .v128(splat(NO_PLACE))
      .op("i32x4.ne", "v128.and")
      .set(result);
    return result;
  }

  across(): Local {
    this.#meet([2, 3, 0, 1]);
    this.#meet([1, 0, 3, 2]);
    return this.lanes();
  }

  /** Keeps in each lane the better of it and lane `lanes[lane]`, the earlier of equals. */
  #meet(lanes: Words): void {
    const asm = this.#asm;
    const [best, place, won] = [asm.local("v128"), asm.local("v128"), asm.local("v128")];
    asm.get(this.#best).get(this.#best).shuffle(lanes).set(best);
    asm.get(this.#place).get(this.#place).shuffle(lanes).set(place);
    asm.get(place).get(this.#place).op("i32x4.lt_s");
    this.#pushBetter(this.#best, best);
    asm.op("v128.andnot");
    this.#pushBetter(best, this.#best);
    asm.op("v128.or").set(won);
    asm.get(best).get(this.#best).get(won).op("v128.bitselect").set(this.#best);
    asm.get(place).get(this.#place).get(won).op("v128.bitselect").set(this.#place);
  }

  /** Pushes where `a` comes before `b`: NaN before all numbers. */
  #pushBetter(a: Local, b: Local): void {
    const asm = this.#asm;
    asm.get(a).get(b).op(this.#better);
    if (!this.#float) return;
    asm.get(a).get(a).op("f32x4.ne").get(b).get(b).op("f32x4.eq", "v128.and", "v128.or");
  }
}

/** Pushes `value`, with `identity` in the lanes outside `mask`. */
function pushActive(asm: Assembler, value: Local, mask: Local | null, identity: number): void {
  asm.get(value);
  if (mask !== null) asm.v128(splat(identity)).get(mask).op("v128.bitselect");
}

/** Lanes 0 and 2, 1 and 3, then both pairs: the same result in every lane, as `op` is commutative. */
function foldAcross(asm: Assembler, lanes: Local, op: PlainOp): Local {
  const result = asm.local("v128");
  asm.get(lanes).get(lanes).get(lanes).shuffle([2, 3, 0, 1]).op(op).set(result);
  asm.get(result).get(result).get(result).shuffle([1, 0, 3, 2]).op(op).set(result);
  return result;
}

function splat(word: number): Words {
  return [word, word, word, word];
}
