// Loops over consecutive elements four at a time, with the last few in a vector of fewer active lanes.
import type { Local } from "./assembler.ts";
import type { ElementEmitter } from "./element-emitter.ts";
import type { KernelFunction, Run } from "./kernel-function.ts";

/** Elements summed before a partial sum joins the whole: what keeps sums of a million elements accurate. */
const CHUNK = 1024;

/** Pushes, as a mask, the lanes below the number of lanes that `pushCount` pushes. */
export function pushLanesBelow(emitter: ElementEmitter, pushCount: () => void): void {
  emitter.asm.v128([0, 1, 2, 3]);
  pushCount();
  emitter.asm.op("i32x4.splat", "i32x4.lt_u");
}

/**
 * Runs `body` over the elements of `run` along the run axis, which is the lane axis: once for a loop over whole vectors
 * (mask null), once for the rest. Sets the walk's position.
 */
export function overVectors(
  emitter: ElementEmitter,
  { start, count }: Run,
  body: (mask: Local | null) => void,
): void {
  const {
    asm,
    fn,
    walk: { position },
  } = emitter;
  const [whole, end, mask] = [asm.local("i32"), asm.local("i32"), asm.local("v128")];
  asm.get(start).i32(2).op("i32.shl").tee(position);
  asm.get(count).i32(2).op("i32.shl", "i32.add").set(end);
  asm.get(position).get(count).i32(-4).op("i32.and").i32(2).op("i32.shl", "i32.add").set(whole);
  fn.whileBelow(position, whole, () => {
    emitter.masked(null, () => body(null));
    asm.get(position).i32(16).op("i32.add").set(position);
  });
  asm
    .get(position)
    .get(end)
    .op("i32.lt_u")
    .if(() => {
      pushLanesBelow(emitter, () =>
        asm.get(end).get(position).op("i32.sub").i32(2).op("i32.shr_u"),
      );
      asm.set(mask);
      emitter.masked(mask, () => body(mask));
    });
}

/** Runs `body` over `run` in pieces of {@link CHUNK} elements, the last one shorter. */
export function overChunks(
  fn: KernelFunction,
  { start, count }: Run,
  body: (chunk: Run) => void,
): void {
  const { asm } = fn;
  const [first, end, left, size] = [
    asm.local("i32"),
    asm.local("i32"),
    asm.local("i32"),
    asm.local("i32"),
  ];
  asm.get(start).tee(first).get(count).op("i32.add").set(end);
  fn.whileBelow(first, end, () => {
    asm.get(end).get(first).op("i32.sub").tee(left).i32(CHUNK);
    asm.get(left).i32(CHUNK).op("i32.lt_u", "select").set(size);
    body({ start: first, count: size });
    asm.get(first).get(size).op("i32.add").set(first);
  });
}
