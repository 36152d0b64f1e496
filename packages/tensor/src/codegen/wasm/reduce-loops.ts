// The loops of a reduction: along the reduced axis with one output at a time, or across outputs with one per lane.
import type { MachineType } from "../../dtype.ts";
import type { Reduction } from "../../graph/node.ts";
import { createAccumulator, type Accumulator } from "./accumulator.ts";
import type { Local } from "./assembler.ts";
import { ElementEmitter } from "./element-emitter.ts";
import type { KernelFunction, Run } from "./kernel-function.ts";
import type { GraphStore, ValueGraph, ValueId } from "./value-graph.ts";
import { overChunks, overVectors, pushLanesBelow } from "./vector-loop.ts";

/** All that the code of a reduction depends on. `outer` and `inner` are words with the sizes of the axes. */
export interface ReducePlan {
  readonly graph: ValueGraph;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly fn: Reduction;
  readonly dtype: MachineType;
  readonly body: ValueId;
  readonly stores: readonly GraphStore[];
}

/** Vectors of outputs whose accumulators run side by side: together one cache line. */
const VECTORS = 4;

/** One output at a time; a vector holds four consecutive elements of the last reduced axis. */
export function emitReduceAlong(fn: KernelFunction, plan: ReducePlan): Uint8Array<ArrayBuffer> {
  const { asm } = fn;
  const last = plan.outer.length + plan.inner.length - 1;
  const outer = plan.outer.map(() => asm.local("i32"));
  const inner = plan.inner.slice(1).map(() => asm.local("i32"));
  const walked = {
    laneAxis: last,
    runAxis: last,
    coordinates: [...outer, ...inner],
    position: asm.local("i32"),
  };
  const emitter = new ElementEmitter(fn, plan.graph, walked);
  const accumulator = createAccumulator(asm, plan.fn, plan.dtype, 2);
  const walk = new ReducedAxes(emitter, plan, inner);
  fn.overItems(plan.outer, outer, () =>
    emitter.scope(() => {
      accumulator.reset();
      walk.overRuns((run) => {
        accumulator.open();
        overVectors(emitter, run, (mask) =>
          accumulator.take(emitter.compute(plan.body), mask, () => walk.pushPlaces([0, 1, 2, 3])),
        );
        accumulator.close();
      });
      emitter.bindResult(0, accumulator.across());
      emitter.hoist([], plan.stores);
      for (const store of plan.stores) emitter.store(store);
    }),
  );
  return fn.assemble();
}

/** Four outputs to a vector; the reduced elements are taken in one after another. */
export function emitReduceAcross(fn: KernelFunction, plan: ReducePlan): Uint8Array<ArrayBuffer> {
  const { asm } = fn;
  const [laneAxis, runAxis] = [plan.outer.length - 1, plan.outer.length + plan.inner.length - 1];
  const lane = asm.local("i32");
  const outer = plan.outer.slice(1).map(() => asm.local("i32"));
  const inner = plan.inner.slice(1).map(() => asm.local("i32"));
  const walked = {
    laneAxis,
    runAxis,
    coordinates: [...outer, lane, ...inner],
    position: asm.local("i32"),
  };
  const emitter = new ElementEmitter(fn, plan.graph, walked);
  const accumulators = Array.from({ length: VECTORS }, () =>
    createAccumulator(asm, plan.fn, plan.dtype, 1),
  );
  const walk = new ReducedAxes(emitter, plan, inner);
  fn.overRuns(plan.outer, outer, (run) => {
    overOutputVectors(emitter, run, lane, (vectors, mask) => {
      emitter.masked(mask, () =>
        reduceVectors(emitter, plan, walk, accumulators.slice(0, vectors)),
      );
    });
  });
  return fn.assemble();
}

/** Reduces one vector of outputs for each accumulator, and stores them. */
function reduceVectors(
  emitter: ElementEmitter,
  plan: ReducePlan,
  walk: ReducedAxes,
  accumulators: readonly Accumulator[],
): void {
  const {
    asm,
    fn,
    walk: { position },
  } = emitter;
  const end = asm.local("i32");
  const forVectors = (body: (accumulator: Accumulator) => void): void =>
    accumulators.forEach((accumulator, vector) =>
      emitter.atVector(vector, () => body(accumulator)),
    );
  for (const accumulator of accumulators) accumulator.reset();
  walk.overRuns(({ start, count }) => {
    for (const accumulator of accumulators) accumulator.open();
    asm.get(start).i32(2).op("i32.shl").set(position);
    asm.get(start).get(count).op("i32.add").i32(2).op("i32.shl").set(end);
    fn.whileBelow(position, end, () =>
      emitter.scope(() => {
        forVectors((accumulator) =>
          accumulator.take(emitter.compute(plan.body), null, () => walk.pushPlaces([0, 0, 0, 0])),
        );
        asm.get(position).i32(4).op("i32.add").set(position);
      }),
    );
    for (const accumulator of accumulators) accumulator.close();
  }, forVectors);
  forVectors((accumulator) => {
    emitter.bindResult(0, accumulator.lanes());
    emitter.hoist([], plan.stores);
    for (const store of plan.stores) emitter.store(store);
  });
}

/** Runs `body` over the outputs of `run`: several vectors at once, then single ones, then one with fewer active lanes. */
function overOutputVectors(
  emitter: ElementEmitter,
  run: Run,
  lane: Local,
  body: (vectors: number, mask: Local | null) => void,
): void {
  const { asm, fn } = emitter;
  const [whole, end, mask] = [asm.local("i32"), asm.local("i32"), asm.local("v128")];
  const wholeBy = (outputs: number): void => {
    asm.get(run.start).get(run.count).i32(-outputs).op("i32.and", "i32.add").set(whole);
    fn.whileBelow(lane, whole, () => {
      body(outputs / 4, null);
      asm.get(lane).i32(outputs).op("i32.add").set(lane);
    });
  };
  asm.get(run.start).tee(lane).get(run.count).op("i32.add").set(end);
  wholeBy(4 * VECTORS);
  wholeBy(4);
  asm
    .get(lane)
    .get(end)
    .op("i32.lt_u")
    .if(() => {
      pushLanesBelow(emitter, () => asm.get(end).get(lane).op("i32.sub"));
      asm.set(mask);
      body(1, mask);
    });
}

/** The walk over all reduced axes, in row-major order. */
class ReducedAxes {
  readonly #emitter: ElementEmitter;
  readonly #plan: ReducePlan;
  readonly #coordinates: readonly Local[];
  readonly #zero: Local;
  readonly #length: Local;
  /** Row-major place of the first element of the current run, less its coordinate on the last axis. */
  readonly #place: Local;

  constructor(emitter: ElementEmitter, plan: ReducePlan, coordinates: readonly Local[]) {
    const { asm, fn } = emitter;
    this.#emitter = emitter;
    this.#plan = plan;
    this.#coordinates = coordinates;
    this.#zero = asm.local("i32");
    this.#length = asm.local("i32");
    this.#place = asm.local("i32");
    fn.pushWord(plan.inner[plan.inner.length - 1] ?? 0).set(this.#length);
  }

  /** Runs `body` for runs along the last reduced axis, with all that stays the same in a run hoisted (for each of `vectors`). */
  overRuns(
    body: (run: Run) => void,
    vectors: (hoist: () => void) => void = (hoist) => hoist(),
  ): void {
    const emitter = this.#emitter;
    const { asm, fn } = emitter;
    asm.i32(0).set(this.#place);
    fn.overAxes(this.#plan.inner.slice(0, -1), this.#coordinates, () =>
      emitter.scope(() => {
        vectors(() => emitter.hoist([this.#plan.body]));
        overChunks(fn, { start: this.#zero, count: this.#length }, body);
        asm.get(this.#place).get(this.#length).op("i32.add").set(this.#place);
      }),
    );
  }

  /** Pushes the places of lanes that are `steps` further along the last axis. */
  pushPlaces(steps: readonly [number, number, number, number]): void {
    const { asm, walk } = this.#emitter;
    asm
      .get(this.#place)
      .get(walk.position)
      .i32(2)
      .op("i32.shr_u", "i32.add", "i32x4.splat")
      .v128(steps)
      .op("i32x4.add");
  }
}
