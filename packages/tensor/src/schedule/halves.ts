// Buffers of f16: two halves to a word. Kernels know words alone, so reads become words with one of their halves taken
// out, and what is stored is put together a word at a time.
import { wordsOf } from "../dtype.ts";
import { affine } from "../graph/affine.ts";
import {
  apply,
  bitcastTo,
  literal,
  type BufferId,
  type Expr,
  type GatherLoad,
  type Load,
} from "../graph/expr.ts";
import { bitsOfHalf, halfOfBits } from "../graph/functions/half.ts";
import { denseForm, reshapeForm, sliceForm, type LinearForm } from "../graph/linear-form.ts";
import type { Node } from "../graph/node.ts";
import { addGuards, loadsOf, rewriteForms, rewriteLeaves } from "../graph/rewrite.ts";
import { sizeOf } from "../shape.ts";
import type { Drafting, Lazy } from "./drafting.ts";
import { kernelExprs, mapExprs } from "./kernel-buffers.ts";
import type { Kernel } from "./kernel.ts";

/** The form that is `value` everywhere along the axes of `like`. */
function constantForm(like: LinearForm, value: number): LinearForm {
  return { strides: like.strides.map(() => 0), offset: affine(value) };
}

/** The half at `place` (u32) of the buffer that `load` reads, of so many words; 0 where a guard fails. */
function halfAt(load: Load | GatherLoad, place: Expr, words: number): Expr {
  const word: Expr = {
    kind: "gather",
    dtype: "u32",
    buffer: load.buffer,
    form: constantForm(load.form, 0),
    guards: load.guards,
    index: bitcastTo(apply("shr", place, literal(1, "u32")), "i32"),
    stride: 1,
    size: words,
  };
  const second = apply("ne", apply("and", place, literal(1, "u32")), literal(0, "u32"));
  const [low, high] = [
    apply("and", word, literal(0xffff, "u32")),
    apply("shr", word, literal(16, "u32")),
  ];
  return halfOfBits(apply("select", second, high, low));
}

function unpack(leaf: Load | GatherLoad, words: number): Expr {
  const start = bitcastTo({ kind: "index", dtype: "i32", form: leaf.form }, "u32");
  if (leaf.kind === "load") return halfAt(leaf, start, words);
  const index = bitcastTo(leaf.index, "u32");
  const step = apply("mul", index, literal(leaf.stride, "u32"));
  const inside = [
    apply("lt", index, literal(leaf.size, "u32")),
    { kind: "inside", dtype: "bool", guards: leaf.guards } as const,
  ];
  const half = halfAt(leaf, apply("add", start, step), words);
  return apply("select", apply("and", ...inside), half, literal(Number.NaN));
}

/** `expr` with the words of its buffers of f16 read; buffer i has `words[i]` of them. */
function unpackLoads(expr: Expr, words: readonly number[]): Expr {
  return rewriteLeaves(expr, (leaf) => {
    if (leaf.kind !== "load" && leaf.kind !== "gather") return leaf;
    const read = leaf.kind === "load" ? leaf : { ...leaf, index: unpackLoads(leaf.index, words) };
    return read.packed ? unpack(read, words[read.buffer] ?? 0) : read;
  });
}

/** `kernel` reading words where it reads halves; buffer i has `words[i]` of them. */
export function unpackHalves(kernel: Kernel, words: readonly number[]): Kernel {
  return loadsOf(...kernelExprs(kernel)).some((load) => load.packed)
    ? mapExprs(kernel, (expr) => unpackLoads(expr, words))
    : kernel;
}

/** The f16 value of `node` as one row: in place where its views can say so, else stored as f32 before. */
function asRow(drafting: Drafting, lazy: Lazy, node: Node): Expr {
  const row = [sizeOf(lazy.shape)];
  const inPlace = rewriteForms(drafting.withoutValues(lazy.expr), (form) =>
    reshapeForm(form, lazy.shape, row),
  );
  if (inPlace !== null) return inPlace;
  const stored = drafting.store(drafting.mapDraft(lazy.expr, lazy.shape, node));
  return { ...stored, form: denseForm(row) };
}

/** Stores the value of an f16 `node`, densely: a kernel that makes a word of two elements at a time. */
export function packHalves(drafting: Drafting, lazy: Lazy, node: Node): BufferId {
  const size = sizeOf(lazy.shape);
  const row = asRow(drafting, lazy, node);
  const everyOther = (form: LinearForm, start: number): LinearForm =>
    sliceForm(form, [affine(start)], [2]);
  const half = (start: number): Expr => rewriteForms(row, (form) => everyOther(form, start)) ?? row;
  const guards = [{ form: everyOther(denseForm([size]), 1), size }];
  const inside = { kind: "inside", dtype: "bool", guards } as const;
  const second = size % 2 === 0 ? half(1) : addGuards(half(1), guards);
  const high = apply("shl", bitsOfHalf(second), literal(16, "u32"));
  const kept = size % 2 === 0 ? high : apply("select", inside, high, literal(0, "u32"));
  const word = apply("or", bitsOfHalf(half(0)), kept);
  return drafting.store(drafting.mapDraft(word, [wordsOf("f16", size)], node)).buffer;
}
