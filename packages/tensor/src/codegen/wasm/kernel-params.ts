// The buffers and parameter words of one kernel, in the order its code reads them.
import type { Affine } from "../../graph/affine.ts";
import type { BufferId, Expr } from "../../graph/expr.ts";
import type { ParamWord } from "../program.ts";

const WORD_BYTES = 4;

/** Collects the parameter block of a kernel: buffer addresses first, then words in the order they are added. */
export class KernelParams {
  readonly words: ParamWord[] = [];
  /** Buffers in binding order, those written last. */
  readonly buffers: readonly BufferId[];
  readonly outputs: number;

  /** @param read may repeat buffers, and name written ones */
  constructor(read: readonly BufferId[], written: readonly BufferId[]) {
    const outputs = new Set(written);
    this.outputs = outputs.size;
    this.buffers = [...new Set(read.filter((id) => !outputs.has(id))), ...outputs];
  }

  /** Place of `buffer` among the buffers. */
  position(buffer: BufferId): number {
    const position = this.buffers.indexOf(buffer);
    if (position < 0) throw new RangeError(`buffer ${buffer} is not one of the kernel's`);
    return position;
  }

  /** Adds a word known now, a whole number taken modulo 2^32; gives its place. */
  constant(value: number): number {
    return this.words.push({ kind: "u32", value: value >>> 0 }) - 1;
  }

  /** Adds a whole number known when the plan is bound; gives its place. */
  affine(value: Affine): number {
    return (
      this.words.push(
        value.terms.length === 0
          ? { kind: "u32", value: value.constant >>> 0 }
          : { kind: "affine", value },
      ) - 1
    );
  }

  /** Adds one of the plan's numbers; gives its place. */
  slot(slot: number, dtype: "f32" | "i32" | "u32"): number {
    return this.words.push({ kind: "slot", slot, dtype }) - 1;
  }

  /** Byte offset of the address of the buffer at `position` in the parameter block. */
  addressOffset(position: number): number {
    return WORD_BYTES * position;
  }

  /** Byte offset of `word` in the parameter block. */
  wordOffset(word: number): number {
    return WORD_BYTES * (this.buffers.length + word);
  }
}

/** The buffers that `exprs` read, each once, in the order met. */
export function buffersRead(exprs: readonly Expr[]): BufferId[] {
  const seen = new Set<Expr>();
  const buffers = new Set<BufferId>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "load" || expr.kind === "gather") buffers.add(expr.buffer);
    if (expr.kind === "gather") visit(expr.index);
    if (expr.kind === "op") expr.args.forEach(visit);
  };
  exprs.forEach(visit);
  return [...buffers];
}
