// The hook points of one model: which functions are attached where, and how often that has changed.
import { kindOf, PrismaError } from "@prisma/tensor";
import { HookPoint, type HookEntry, type HookFunction, type HookSelection } from "./hook-point.ts";
import { matchNames, type NameFilters } from "./name-filter.ts";
import type { AddHookOptions, HookHandle, HookSpec } from "./run-options.ts";

/** Points by name, in firing order. */
export class HookRegistry<Name extends string> {
  readonly points: ReadonlyMap<Name, HookPoint<Name>>;
  #epoch = 0;

  constructor(readonly names: readonly Name[]) {
    this.points = new Map(names.map((name) => [name, new HookPoint(name)]));
  }

  /** Rises with every change. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The points that `filter` means. */
  find(filter: NameFilters<Name>, doing: string): HookPoint<Name>[] {
    return matchNames(filter, this.names, doing).flatMap((name) => this.points.get(name) ?? []);
  }

  /** Adds `fn` at every point that `filter` means. `doing`: what the caller calls this. */
  add(
    filter: NameFilters<Name>,
    fn: HookFunction<Name>,
    {
      permanent = false,
      prepend = false,
      dir = "fwd",
      doing,
    }: AddHookOptions & { readonly doing: string },
  ): HookHandle {
    assertFunction(fn, doing);
    assertDirection(dir, { doing, known: ["fwd", "bwd"] });
    const entry: HookEntry = { fn: fn as HookFunction, permanent, dir };
    const points = this.find(filter, doing);
    points.forEach((point) => point.add(entry, prepend));
    this.#epoch++;
    const remove = (): void => {
      points.forEach((point) => point.remove(entry));
      this.#epoch++;
    };
    return { remove, [Symbol.dispose]: remove };
  }

  /** Adds several functions, all or none. */
  addAll(specs: readonly HookSpec<Name>[], doing: string): HookHandle {
    const handles: HookHandle[] = [];
    const remove = (): void => handles.splice(0).forEach((handle) => handle.remove());
    try {
      for (const [filter, fn, options] of specs)
        handles.push(this.add(filter, fn, { ...options, doing }));
    } catch (error) {
      remove();
      throw error;
    }
    return { remove, [Symbol.dispose]: remove };
  }

  /** Removes functions everywhere, permanent ones only when asked. */
  reset(selection: HookSelection): void {
    assertDirection(selection.dir ?? "both", {
      doing: "resetHooks",
      known: ["fwd", "bwd", "both"],
    });
    for (const point of this.points.values()) point.reset(selection);
    this.#epoch++;
  }
}

function assertFunction(fn: unknown, doing: string): void {
  if (typeof fn !== "function")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${doing}: a hook is a function of an activation, not ${kindOf(fn)}`,
    );
}

/** @throws PrismaError ARGUMENT_INVALID when `dir` is not one of `known` */
function assertDirection(
  dir: unknown,
  { doing, known }: { readonly doing: string; readonly known: readonly unknown[] },
): void {
  if (known.includes(dir)) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${doing}: the direction is ${kindOf(dir)}; it may be ${known.join(" or ")}`,
  );
}
