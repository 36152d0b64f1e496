// Stacking: contractions of one left operand with evenly spaced slices of one buffer become a single contraction.
import { addScaled, type Affine } from "../graph/affine.ts";
import type { BufferId, Expr } from "../graph/expr.ts";
import type { Guard, LinearForm } from "../graph/linear-form.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { collapse, formsOf, keepAxes, keepExprAxes } from "./collapse.ts";
import { sameForm } from "./draft.ts";
import { buffersRead, buffersWritten, moveReads, type Moved } from "./kernel-buffers.ts";
import type { ContractKernel, Kernel, Store } from "./kernel.ts";

/** Everything the pass reads of the schedule around it. */
export interface StackContext {
  /** Buffers that must come out as they are or not at all alone: the outputs of the plan. */
  readonly outputs: ReadonlySet<BufferId>;
  /** Number for the next new buffer. */
  readonly nextBuffer: number;
}

/** The kernels after stacking, the buffers made by it with their sizes, and where stacked buffers went. */
export interface Stacked {
  readonly kernels: readonly Kernel[];
  readonly created: ReadonlyMap<BufferId, number>;
  readonly moved: ReadonlyMap<BufferId, Moved>;
}

/** Number of axes before the n axes in store forms. */
const lead = (kernel: ContractKernel): number => kernel.batch.length + kernel.m.length;

/** Inserts the stack axis at `at` with the even step between `forms`; null when they differ otherwise. */
function stackForms(forms: readonly LinearForm[], at: number): LinearForm | null {
  const [first, second] = forms;
  if (first === undefined || second === undefined) return null;
  const step = difference(second.offset, first.offset);
  const even = forms.every((form, i) => {
    const expected: Affine = addScaled(
      first.offset,
      { constant: step ?? Number.NaN, terms: [] },
      i,
    );
    return (
      form.strides.length === first.strides.length &&
      form.strides.every((stride, axis) => stride === first.strides[axis]) &&
      difference(form.offset, expected) === 0
    );
  });
  if (step === null || !even) return null;
  return {
    strides: [...first.strides.slice(0, at), step, ...first.strides.slice(at)],
    offset: first.offset,
  };
}

/** `a - b` where it is a constant, else null. */
function difference(a: Affine, b: Affine): number | null {
  const rest = addScaled(a, b, -1);
  const bySlot = new Map<number, number>();
  for (const [slot, factor] of rest.terms) bySlot.set(slot, (bySlot.get(slot) ?? 0) + factor);
  return [...bySlot.values()].every((factor) => factor === 0) ? rest.constant : null;
}

function stackGuards(lists: readonly (readonly Guard[])[], at: number): Guard[] | null {
  const [first] = lists;
  if (first === undefined || lists.some((list) => list.length !== first.length)) return null;
  const guards = first.map((guard, i) => {
    const form = stackForms(
      lists.map((list) => list[i]?.form ?? guard.form),
      at,
    );
    return form !== null && lists.every((list) => list[i]?.size === guard.size)
      ? { form, size: guard.size }
      : null;
  });
  return guards.some((guard) => guard === null) ? null : guards.flatMap((guard) => guard ?? []);
}

/** One expression over the stacked axes that equals each of `exprs` at its place, or null when their shapes differ. */
function stackExprs(exprs: readonly Expr[], at: number): Expr | null {
  const [first] = exprs;
  if (
    first === undefined ||
    exprs.some((expr) => expr.kind !== first.kind || expr.dtype !== first.dtype)
  )
    return null;
  switch (first.kind) {
    case "literal":
      return exprs.every((expr) => expr.kind === "literal" && Object.is(expr.value, first.value))
        ? first
        : null;
    case "slot":
      return exprs.every((expr) => expr.kind === "slot" && expr.slot === first.slot) ? first : null;
    case "value":
      return {
        ...first,
        form: {
          strides: [...first.form.strides.slice(0, at), 0, ...first.form.strides.slice(at)],
          offset: first.form.offset,
        },
      };
    case "load": {
      const loads = exprs.flatMap((expr) =>
        expr.kind === "load" && expr.buffer === first.buffer ? [expr] : [],
      );
      const form =
        loads.length === exprs.length
          ? stackForms(
              loads.map((load) => load.form),
              at,
            )
          : null;
      const guards = stackGuards(
        loads.map((load) => load.guards),
        at,
      );
      return form === null || guards === null ? null : { ...first, form, guards };
    }
    case "op": {
      const ops = exprs.flatMap((expr) =>
        expr.kind === "op" && expr.op === first.op && expr.args.length === first.args.length
          ? [expr]
          : [],
      );
      if (ops.length !== exprs.length) return null;
      const args = first.args.map((arg, i) =>
        stackExprs(
          ops.map((op) => op.args[i] ?? arg),
          at,
        ),
      );
      return args.some((arg) => arg === null)
        ? null
        : { ...first, args: args.flatMap((arg) => arg ?? []) };
    }
    // Neither occurs in the epilogues that stacking is for; such kernels stay apart.
    case "gather":
    case "index":
    case "inside":
      return null;
  }
}

/** True when `b` multiplies the same rows as `a`, by another part of the same buffer. */
function alike(a: ContractKernel, b: ContractKernel): boolean {
  const sizes = ([list, other]: [readonly number[], readonly number[]]): boolean =>
    sameShape(list, other);
  const pairs: [readonly number[], readonly number[]][] = [
    [a.batch, b.batch],
    [a.m, b.m],
    [a.n, b.n],
    [a.k, b.k],
  ];
  return (
    pairs.every(sizes) &&
    a.a.buffer === b.a.buffer &&
    a.b.buffer === b.b.buffer &&
    sameForm(a.a.form, b.a.form, [...a.batch, ...a.m, ...a.k]) &&
    a.stores.length === b.stores.length &&
    a.stores.every((store, i) => store.dtype === b.stores[i]?.dtype)
  );
}

interface StackedKernel {
  readonly kernel: ContractKernel;
  readonly sizes: readonly number[];
}

/** One kernel for all of `members`, writing store i of all members to buffer `first + i`. */
function stackKernels(
  members: readonly ContractKernel[],
  firstBuffer: number,
): StackedKernel | null {
  const [first] = members;
  if (first === undefined) return null;
  const at = lead(first);
  const b = stackForms(
    members.map((member) => member.b.form),
    first.batch.length,
  );
  const size = sizeOf([...first.batch, ...first.m, ...first.n]);
  const stores = first.stores.map((store, i): Store | null => {
    const value = stackExprs(
      members.map((member) => member.stores[i]?.value ?? store.value),
      at,
    );
    const aligned = members.every(
      (member) =>
        member.stores[i] !== undefined &&
        sameForm(member.stores[i].form, store.form, [...first.batch, ...first.m, ...first.n]),
    );
    const strides = [...store.form.strides.slice(0, at), size, ...store.form.strides.slice(at)];
    return value === null || !aligned
      ? null
      : { ...store, buffer: firstBuffer + i, value, form: { strides, offset: store.form.offset } };
  });
  if (b === null || stores.some((store) => store === null)) return null;
  const kernel: ContractKernel = {
    ...first,
    labels: [...new Set(members.flatMap((member) => member.labels))],
    nodes: [...new Set(members.flatMap((member) => member.nodes ?? []))],
    n: [members.length, ...first.n],
    b: { buffer: first.b.buffer, form: b },
    stores: stores.flatMap((store) => store ?? []),
  };
  return { kernel: mergeColumns(kernel), sizes: first.stores.map(() => size * members.length) };
}

/** Merges the stack axis into the columns where the slices follow one another. */
function mergeColumns(kernel: ContractKernel): ContractKernel {
  const [batch, m, n] = [kernel.batch.length, kernel.m.length, kernel.n.length];
  const forms = [
    ...kernel.stores.map((store) => store.form),
    ...formsOf(kernel.stores.map((store) => store.value)),
  ];
  const own = forms.map((form) => ({ ...form, strides: form.strides.slice(batch + m) }));
  const ofB = { ...kernel.b.form, strides: kernel.b.form.strides.slice(batch, batch + n) };
  const { groups, kept } = collapse([{ sizes: kernel.n }], [ofB, ...own]);
  const storeAxes = [
    ...Array.from({ length: batch + m }, (_, axis) => axis),
    ...kept.map((axis) => axis + batch + m),
  ];
  const bAxes = [
    ...Array.from({ length: batch }, (_, axis) => axis),
    ...kept.map((axis) => axis + batch),
    ...kernel.k.map((_, i) => batch + n + i),
  ];
  return {
    ...kernel,
    n: groups[0] ?? [],
    b: { buffer: kernel.b.buffer, form: keepAxes(kernel.b.form, bAxes) },
    stores: kernel.stores.map((store) => ({
      ...store,
      value: keepExprAxes(store.value, storeAxes),
      form: keepAxes(store.form, storeAxes),
    })),
  };
}

/** Stacks what can be stacked. Outputs of the plan are stacked all together or not at all, so that none keeps a larger buffer alive. */
export function stackContracts(kernels: readonly Kernel[], context: StackContext): Stacked {
  const writer = new Map<BufferId, number>();
  kernels.forEach((kernel, i) => buffersWritten(kernel).forEach((buffer) => writer.set(buffer, i)));
  const created = new Map<BufferId, number>();
  const moved = new Map<BufferId, Moved>();
  const gone = new Set<Kernel>();
  const result: Kernel[] = [];
  kernels.forEach((kernel, place) => {
    if (gone.has(kernel)) return;
    const read = moveReads(kernel, (buffer) => moved.get(buffer));
    const members =
      kernel.family === "contract"
        ? membersOf(kernel, kernels.slice(place + 1), place, writer, context.outputs)
        : [];
    const stacked =
      members.length > 1
        ? stackKernels(
            members.map((member) => contractAfter(member, moved)),
            context.nextBuffer + created.size,
          )
        : null;
    if (stacked === null) {
      result.push(read);
      return;
    }
    members.forEach((member) => gone.add(member));
    stacked.kernel.stores.forEach((store, i) => {
      created.set(store.buffer, stacked.sizes[i] ?? 0);
      members.forEach((member, row) =>
        moved.set(member.stores[i]?.buffer ?? -1, {
          buffer: store.buffer,
          start: (row * (stacked.sizes[i] ?? 0)) / members.length,
        }),
      );
    });
    result.push(stacked.kernel);
  });
  return { kernels: result, created, moved };
}

function contractAfter(
  kernel: ContractKernel,
  moved: ReadonlyMap<BufferId, Moved>,
): ContractKernel {
  const read = moveReads(kernel, (buffer) => moved.get(buffer));
  return read.family === "contract" ? read : kernel;
}

/** `kernel` and those after it that could run in its place with it. */
function membersOf(
  kernel: ContractKernel,
  later: readonly Kernel[],
  place: number,
  writer: ReadonlyMap<BufferId, number>,
  outputs: ReadonlySet<BufferId>,
): ContractKernel[] {
  const early = (other: Kernel): boolean =>
    [...buffersRead(other)].every((buffer) => (writer.get(buffer) ?? -1) < place);
  const fellows = later.filter(
    (other): other is ContractKernel =>
      other.family === "contract" && alike(kernel, other) && early(other),
  );
  const members = [kernel, ...fellows].sort(
    (p, q) => p.b.form.offset.constant - q.b.form.offset.constant,
  );
  const asked = members.map(
    (member) => member.stores.filter((store) => outputs.has(store.buffer)).length,
  );
  const evenly = asked.every((count) => count === 0 || count === kernel.stores.length);
  return evenly && asked.every((count) => count === asked[0]) ? members : [kernel];
}
