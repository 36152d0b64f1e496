// A pass: one call of a model while its graph is built; hands activations to hook points and to the cache.
import type { Tensor } from "@prisma/tensor";
import type { HookPoint, RunRequests } from "./hook-point.ts";

/** What a model's forward function talks to at every named place. */
export class Pass<Name extends string = string> {
  readonly requests: RunRequests = { kept: [], tapped: [] };
  /** Activations asked for, after all hooks of their points, in firing order. */
  readonly cached = new Map<Name, Tensor>();

  constructor(
    readonly points: ReadonlyMap<Name, HookPoint<Name>>,
    readonly names: ReadonlySet<Name>,
  ) {}

  /** True when somebody hooks or caches `name`: a place that costs something is computed only then. */
  wants(name: Name): boolean {
    return this.names.has(name) || (this.points.get(name)?.size ?? 0) > 0;
  }

  /** The activation that goes on from `name`: what the functions there made of `activation`. */
  at(name: Name, activation: Tensor): Tensor {
    const point = this.points.get(name);
    const result = point === undefined || point.size === 0 ? activation : point.run(activation, this.requests);
    if (this.names.has(name)) this.cached.set(name, result);
    return result;
  }
}
