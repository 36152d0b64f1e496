// 300 random plans of hooks: whatever is added, nested, removed, thrown or returned, the model ends as it began.
import { memory, PrismaError, Tensor, tensor, zeros } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import type { HookFunction, HookHandle, HookName } from "../src/index.ts";
import { ToyModel } from "./toy-model.ts";

type Hook = HookFunction<HookName<2>>;

/** mulberry32 (Tommy Ettinger): uniform in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Codes a plan may end with. */
const FAULTS = new Set(["HOOK_RESULT_INVALID", "HOOK_RETURNED_PROMISE", "HOOK_FILTER_EMPTY"]);

function disposedTensor(): Tensor {
  const gone = zeros([1, 3]);
  gone.dispose();
  return gone;
}

/** What a hook of a plan does; `handles` are those it may remove. */
function randomHook(random: () => number, model: ToyModel, handles: HookHandle[]): Hook {
  const hooks: readonly Hook[] = [
    () => undefined,
    (activation) => activation,
    (activation) => activation.mul(random() * 2),
    (activation, point) => point.keep(activation.add(1)),
    (activation, point) => point.tap(activation, (values) => expect(values.length).toBe(3)),
    (_activation, point) =>
      void handles.push(model.addHook(point.name as HookName<2>, () => undefined)),
    () => handles.splice(0).forEach((handle) => handle.remove()),
    () => void model.resetHooks(),
    () => {
      throw new PrismaError("HOOK_RESULT_INVALID", "thrown by a hook");
    },
    (async () => undefined) as never,
    () => zeros([3, 1]),
    () => zeros([1, 3], { dtype: "u32" }),
    disposedTensor,
  ];
  return hooks[Math.floor(random() * hooks.length)]!;
}

/** Runs one plan and says how it ended; everything it kept is let go of. */
async function runPlan(seed: number, x: Tensor): Promise<string> {
  const random = randomFrom(seed);
  const model = new ToyModel();
  const handles: HookHandle[] = [];
  const name = (): HookName<2> => model.hookNames[Math.floor(random() * model.hookNames.length)]!;
  const kept: Tensor[] = [];
  const keeping =
    (hook: Hook): Hook =>
    (activation, point) => {
      const result = hook(activation, point);
      if (result instanceof Tensor && result !== activation && !result.disposed) kept.push(result);
      return result;
    };
  const spec = (): readonly [HookName<2>, Hook] => [
    name(),
    keeping(randomHook(random, model, handles)),
  ];
  try {
    using outer = model.hooks([spec(), spec()]);
    if (random() < 0.5)
      handles.push(
        model.addHook(name(), keeping(randomHook(random, model, handles)), {
          prepend: random() < 0.5,
        }),
      );
    using run = await model.runWithCache(x, { hooks: [spec()] });
    outer.remove();
    return `kept ${run.cache.size}`;
  } catch (error) {
    if (error instanceof PrismaError && FAULTS.has(error.code)) return error.code;
    throw error;
  } finally {
    kept.forEach((one) => one.dispose());
    handles.forEach((handle) => handle.remove());
    expect(model.hooksTable().every((row) => row.hooks === 0)).toBe(true);
  }
}

onEachDevice(() => {
  test("300 random plans", { timeout: 60_000 }, async () => {
    using x = tensor([[1, 2, 3]]);
    await x.realize();
    const before = memory();
    const ends = new Map<string, number>();
    for (let seed = 0; seed < 300; seed++) {
      const end = await runPlan(seed, x);
      ends.set(end, (ends.get(end) ?? 0) + 1);
      const { buffers, tensors } = memory();
      // Fewer is no fault: what earlier tests dropped may be collected meanwhile.
      expect(buffers, `after plan ${seed}`).toBeLessThanOrEqual(before.buffers);
      expect(tensors, `after plan ${seed}`).toBeLessThanOrEqual(before.tensors);
    }
    // Plans that end well and plans that end in each fault: none is rare.
    for (const end of ["HOOK_RESULT_INVALID", "HOOK_RETURNED_PROMISE", "kept 8"])
      expect(ends.get(end) ?? 0, end).toBeGreaterThanOrEqual(20);
  });

  test("runs side by side never see each other's hooks", async () => {
    using x = tensor([[1, 2, 3]]);
    const model = new ToyModel();
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        model.runWithCache(x, {
          names: "hook_post_head_pre_normalize",
          hooks: [["hook_embed", (a) => a.mul(i)]],
        }),
      ),
    );
    const firsts = await Promise.all(runs.map(async (run) => (await run.output.data())[0]));
    expect(firsts).toEqual(runs.map((_, i) => -12 * i));
    runs.forEach((run) => run.dispose());
  });
});
