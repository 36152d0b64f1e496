// The hook points of one model: which functions are attached where, and how often that has changed.
import { HookPoint, type HookEntry, type HookFunction } from "./hook-point.ts";
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
    { permanent = false, prepend = false, doing }: AddHookOptions & { readonly doing: string },
  ): HookHandle {
    const entry: HookEntry = { fn: fn as HookFunction, permanent };
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
      for (const [filter, fn] of specs) handles.push(this.add(filter, fn, { doing }));
    } catch (error) {
      remove();
      throw error;
    }
    return { remove, [Symbol.dispose]: remove };
  }

  /** Removes all functions, permanent ones only when asked. */
  reset(includingPermanent: boolean): void {
    for (const point of this.points.values()) point.reset(includingPermanent);
    this.#epoch++;
  }
}
