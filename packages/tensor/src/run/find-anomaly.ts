// Finding an anomaly: from a result that is not finite back to the operation that made it so.
import type { Element } from "../graph/element-sources.ts";
import type { Node } from "../graph/node.ts";
import { MARKS, type Mark, type StepThrough } from "./step-through.ts";

/** Where a value first went wrong. */
export interface Anomaly {
  /** The first element that is not finite though all it comes from is, or an input that holds NaN. */
  readonly origin: Element;
  /** Where NaN first came of it, if the origin is an infinity. */
  readonly result: Element | null;
}

/** What a mark may come from, the likeliest first. */
const CAUSES: Readonly<Partial<Record<Mark, readonly Mark[]>>> = {
  [MARKS.nan]: [MARKS.nan, MARKS.made, MARKS.touched],
  [MARKS.made]: [MARKS.made],
  [MARKS.touched]: [MARKS.nan, MARKS.touched],
};

function causeOf(at: Element, steps: StepThrough): Element | null {
  const sources = steps.sourcesOf(at);
  for (const mark of CAUSES[steps.markOf(at)] ?? []) {
    const found = sources.find((source) => steps.markOf(source) === mark);
    if (found !== undefined) return found;
  }
  return null;
}

function originOf(start: Element, steps: StepThrough): Anomaly {
  let origin = start;
  let result: Element | null = null;
  for (let cause = causeOf(start, steps); cause !== null; cause = causeOf(cause, steps)) {
    const turns = steps.markOf(origin) === MARKS.nan && steps.markOf(cause) === MARKS.made;
    if (turns) result = origin;
    origin = cause;
  }
  return { origin, result: steps.markOf(origin) === MARKS.made ? result : null };
}

/**
 * The anomaly that `results` show: NaN in one of them, or in `decisive` values by which something is chosen, or an
 * infinity in a result that an operation made out of finite values. Null where there is none.
 */
export function findAnomaly(
  steps: StepThrough,
  results: readonly Node[],
  decisive: readonly Node[],
): Anomaly | null {
  const start =
    steps.firstAmong([...results, ...decisive], MARKS.nan) ?? steps.firstAmong(results, MARKS.made);
  return start === null ? null : originOf(start, steps);
}
