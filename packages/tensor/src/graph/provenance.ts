// Provenance: which call of the user made a node, noted while the current device debugs and not otherwise.
import { CallSite } from "./call-site.ts";

/** Who asked for a node, and for what. */
export interface Provenance {
  /** The step of the graph: `sub`, where the user called `softmax`. */
  readonly step: string;
  /** What the user, or a hooked model, called the value. */
  name: string | null;
  readonly site: CallSite;
  /** Whose gradient the node helps to compute; null in a forward pass. */
  readonly gradientOf: Provenance | null;
}

let noting = false;
let differentiated: Provenance | null = null;

/** From now on nodes remember where they come from, or do not. */
export function noteProvenance(on: boolean): void {
  noting = on;
}

/** What a node made now, by the step `step`, remembers: nothing, unless {@link noteProvenance} asked for it. */
export function provenanceOf(step: string): Provenance | null {
  return noting ? { step, name: null, site: new CallSite(), gradientOf: differentiated } : null;
}

/** Where user code is now; null unless {@link noteProvenance} asked for it. */
export function currentSite(): CallSite | null {
  return noting ? new CallSite() : null;
}

/** Calls `build`; what it makes is the gradient of the node made by `made`. */
export function asGradientOf<T>(made: Provenance | null, build: () => T): T {
  const outer = differentiated;
  differentiated = made;
  try {
    return build();
  } finally {
    differentiated = outer;
  }
}
