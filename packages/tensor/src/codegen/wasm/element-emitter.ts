// Writes the values of a graph for four elements at a time: hoisted out of loops where they do not change, each once.
import type { Assembler, Local } from "./assembler.ts";
import type { KernelFunction } from "./kernel-function.ts";
import { emitLoad, emitStore, type Access } from "./memory-access.ts";
import type { GraphStore, LoadValue, Stride, Value, ValueGraph, ValueId } from "./value-graph.ts";
import { VECTOR_OPS } from "./vector-ops.ts";

/** The axes of a kernel as the emitted code walks them. */
export interface Walk {
  /** The axis whose consecutive elements share a vector. */
  readonly laneAxis: number;
  /** The axis of the innermost loop; may be the lane axis. */
  readonly runAxis: number;
  /** Current coordinate of each axis (of lane 0 on the lane axis); the run axis has none, its place is `position`. */
  readonly coordinates: readonly (Local | null)[];
  /** Four times the coordinate on the run axis. */
  readonly position: Local;
  /** Whether the kernel's own results are those of one element, and so differ along the run. Default: those of a whole run. */
  readonly resultsOfElements?: boolean;
}

/** What is computed at a point of the code: values and places, by name, innermost loop last. */
type Scope = Map<string, Local>;

/** Emits values into v128 locals. Scopes follow the loops: what a scope holds is forgotten at its end. */
export class ElementEmitter {
  readonly asm: Assembler;
  readonly #scopes: Scope[] = [new Map()];
  readonly #variesAlongRun: readonly boolean[];
  readonly #variesAlongLane: readonly boolean[];
  readonly #variesAtAll: readonly boolean[];
  #mask: Local | null = null;
  #vector = 0;

  constructor(
    readonly fn: KernelFunction,
    readonly graph: ValueGraph,
    readonly walk: Walk,
  ) {
    this.asm = fn.asm;
    const { laneAxis, runAxis, resultsOfElements: results = false } = walk;
    this.#variesAlongRun = graph.variesAlong(runAxis, { results });
    this.#variesAlongLane = graph.variesAlong(laneAxis, {
      results: results || laneAxis !== runAxis,
    });
    this.#variesAtAll = graph.variesAtAll();
    graph.values.forEach((_, id) => {
      if (this.#variesAtAll[id] !== true) this.#emit(id);
    });
  }

  /** Runs `body`, then forgets what it computed. */
  scope(body: () => void): void {
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
  }

  /** Runs `body` with only the lanes of `mask` (ones where active) touching memory, in a scope of its own; null: all lanes. */
  masked(mask: Local | null, body: () => void): void {
    const outer = this.#mask;
    this.#mask = mask;
    this.scope(body);
    this.#mask = outer;
  }

  /** Runs `body` for the elements `4 * vector` further along the lane axis; scopes hold values for each vector. */
  atVector(vector: number, body: () => void): void {
    const outer = this.#vector;
    this.#vector = vector;
    body();
    this.#vector = outer;
  }

  /** Makes `local` the value of `id`. */
  bind(id: ValueId, local: Local): void {
    this.#declare(this.#name(id), local);
  }

  /** Makes `local` the result numbered `result`, where the graph uses it. */
  bindResult(result: number, local: Local): void {
    this.graph.values.forEach((value, id) => {
      if (value.kind === "result" && value.result === result) this.bind(id, local);
    });
  }

  /** Computes what the loop over the run axis needs for `roots` and `stores` and does not change in it. */
  hoist(roots: readonly ValueId[], stores: readonly GraphStore[] = []): void {
    for (const id of this.#missing(roots, stores)) {
      const value = this.graph.value(id);
      if (this.#variesAlongRun[id] !== true) this.#emit(id);
      else if (value.kind === "load") this.#pointer(value.buffer, value.form);
      else if (value.kind === "index") this.#elementBase(value.form);
    }
    for (const store of stores) this.#pointer(store.buffer, store.form);
  }

  /** The local that holds `root`, computed now where it is not yet. */
  compute(root: ValueId): Local {
    for (const id of this.#missing([root], [])) this.#emit(id);
    return this.#value(root);
  }

  /** Writes the store for the active lanes, one lane where it does not move along the lane axis. */
  store(store: GraphStore): void {
    const value = this.compute(store.value);
    emitStore(this.asm, this.#access(store.buffer, store.form), {
      value,
      bool: store.dtype === "bool",
    });
  }

  #missing(roots: readonly ValueId[], stores: readonly GraphStore[]): ValueId[] {
    const all = [...roots, ...stores.map((store) => store.value)];
    return this.graph.needed(all, (id) => this.#find(this.#name(id)) !== undefined);
  }

  #name(id: ValueId): string {
    return this.#variesAlongLane[id] === true
      ? `value ${id} of vector ${this.#vector}`
      : `value ${id}`;
  }

  #find(name: string): Local | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  #declare(name: string, local: Local): Local {
    this.#scopes[this.#scopes.length - 1]?.set(name, local);
    return local;
  }

  #value(id: ValueId): Local {
    const local = this.#find(this.#name(id));
    if (local === undefined) throw new RangeError(`value ${id} is used before it is known`);
    return local;
  }

  #emit(id: ValueId): void {
    const value = this.graph.value(id);
    if (value.kind === "op" && value.op === "bitcast") {
      this.bind(id, this.#value(value.args[0] ?? id));
      return;
    }
    const local = this.asm.local("v128");
    this.#push(value);
    this.bind(id, local);
    this.asm.set(local);
  }

  #push(value: Value): void {
    const { asm } = this;
    switch (value.kind) {
      case "literal":
        return void asm.v128(literalLanes(value.dtype, Number(value.value)));
      case "param":
        this.fn.pushWordLanes(value.word);
        if (value.dtype === "bool") asm.v128([0, 0, 0, 0]).op("i32x4.ne");
        return;
      case "index":
        return this.#pushIndex(value.form);
      case "load":
        return this.#pushLoad(value);
      case "result":
        throw new RangeError(`result ${value.result} is used before it is known`);
      case "op":
        return this.#pushOp(value);
    }
  }

  #pushOp(value: Value & { kind: "op" }): void {
    const { asm, graph } = this;
    const { op, dtype, from } = value;
    const last = graph.value(value.args[value.args.length - 1] ?? 0);
    const literal = last.kind === "literal" ? Number(last.value) : null;
    VECTOR_OPS[op]({
      asm,
      target: this.fn.target,
      dtype,
      from,
      args: value.args.map((arg) => this.#value(arg)),
      literal,
    });
  }

  #pushIndex(form: number): void {
    const { asm, walk } = this;
    const strides = this.graph.forms[form]?.strides ?? [];
    asm.get(this.#elementBase(form));
    this.#pushRunOffset(strides[walk.runAxis], 0);
    asm.op("i32x4.splat");
    const laneStride = strides[walk.laneAxis];
    if (laneStride === "zero" || laneStride === undefined) return;
    const first = 4 * this.#vector;
    asm.v128([first, first + 1, first + 2, first + 3]);
    if (laneStride !== "one") {
      this.fn.pushWordLanes(laneStride);
      asm.op("i32x4.mul");
    }
    asm.op("i32x4.add");
  }

  #pushLoad(value: LoadValue): void {
    const { guard, index, missing } = value;
    const access = this.#access(value.buffer, value.form);
    const operand = (id: ValueId): { lanes: Local; varies: boolean } => ({
      lanes: this.#value(id),
      varies: this.#variesAlongLane[id] === true,
    });
    emitLoad(this.asm, access, {
      missing,
      guard: guard === null ? null : operand(guard),
      index:
        index === null
          ? null
          : { ...operand(index.value), pushStride: () => this.#pushBytes(index.stride) },
    });
    if (value.dtype === "bool") this.asm.v128([0, 0, 0, 0]).op("i32x4.ne");
  }

  /** How the lanes at the current place reach their elements of a buffer. */
  #access(buffer: number, form: number): Access {
    const { walk } = this;
    const strides = this.graph.forms[form]?.strides ?? [];
    const pointer = this.#pointer(buffer, form);
    const lane = strides[walk.laneAxis] ?? "zero";
    const pushAddress = (): void => {
      this.asm.get(pointer);
      this.#pushRunOffset(strides[walk.runAxis], 2);
      if (this.#vector === 0 || typeof lane === "string") return;
      this.#pushBytes(lane);
      this.asm.i32(4 * this.#vector).op("i32.mul", "i32.add");
    };
    return {
      pushAddress,
      offset: lane === "one" ? 16 * this.#vector : 0,
      mask: this.#mask,
      lane: typeof lane === "string" ? lane : { pushBytes: () => this.#pushBytes(lane) },
    };
  }

  /** Adds to the place on the stack what the run axis contributes, in elements (scale 0) or bytes (scale 2). */
  #pushRunOffset(stride: Stride | undefined, scale: 0 | 2): void {
    const { asm, walk } = this;
    if (stride === undefined || stride === "zero") return;
    asm.get(walk.position);
    if (scale === 0) asm.i32(2).op("i32.shr_u");
    if (stride !== "one") {
      this.fn.pushWord(stride);
      asm.op("i32.mul");
    }
    asm.op("i32.add");
  }

  #pushBytes(strideWord: number): void {
    this.fn.pushWord(strideWord).i32(2).op("i32.shl");
  }

  /** The place in elements of `form` where the run axis stands at zero. */
  #elementBase(form: number): Local {
    const known = this.#find(`form ${form}`);
    if (known !== undefined) return known;
    const { asm, walk } = this;
    const wordForm = this.graph.forms[form];
    if (wordForm === undefined) throw new RangeError(`no form ${form}`);
    const base = asm.local("i32");
    this.fn.pushPlace(wordForm, walk.coordinates);
    asm.set(base);
    return this.#declare(`form ${form}`, base);
  }

  /** The address of the element of `buffer` at {@link #elementBase}. */
  #pointer(buffer: number, form: number): Local {
    const name = `pointer ${buffer} ${form}`;
    const known = this.#find(name);
    if (known !== undefined) return known;
    const base = this.#elementBase(form);
    const pointer = this.asm.local("i32");
    this.fn.pushAddress(buffer);
    this.asm.get(base).i32(2).op("i32.shl", "i32.add").set(pointer);
    return this.#declare(name, pointer);
  }
}

function literalLanes(dtype: Value["dtype"], value: number): [number, number, number, number] {
  if (dtype === "bool") return splat(value === 0 ? 0 : 0xffffffff);
  return splat(
    dtype === "f32" ? (new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0) : value >>> 0,
  );
}

function splat(word: number): [number, number, number, number] {
  return [word, word, word, word];
}
