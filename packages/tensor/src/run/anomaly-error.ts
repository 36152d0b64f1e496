// The error of anomaly mode: which operation made the first NaN or infinity, where it was called, and what to do.
import { PrismaError, quoteName } from "../errors.ts";
import { coordinatesOf, type Element } from "../graph/element-sources.ts";
import type { Node } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { Provenance } from "../graph/provenance.ts";
import { formatShape } from "../shape.ts";
import { atPlace, fullPlace } from "./call-site-text.ts";
import type { Anomaly } from "./find-anomaly.ts";

/** Whose doing `node` is: of the operation itself, or of the one it is a gradient of. */
function responsible({ made }: Node): Provenance | null {
  return made?.gradientOf ?? made;
}

/** What the user called: `softmax`, where the node is its step `div`. */
function operationOf(node: Node): string {
  const { site, step } = responsible(node) ?? {};
  return site?.operation ?? step ?? node.label;
}

/** `softmax (its step div)`, `the gradient of log`. */
function phrase(node: Node): string {
  const operation = operationOf(node);
  if (node.made?.gradientOf) return `the gradient of ${operation} (its step ${node.made.step})`;
  const step = node.made?.step ?? operation;
  return step === operation ? operation : `${operation} (its step ${step})`;
}

/** The name of `node`, or of the first named value that is computed from it on the way to `outputs`, in words. */
function nameOf(node: Node, outputs: readonly Node[]): { name: string | null; text: string } {
  const own = responsible(node)?.name ?? null;
  if (own !== null) return { name: own, text: ` (${quoteName(own)})` };
  const next = node.made?.gradientOf ? null : nextName(node, outputs);
  return { name: next, text: next === null ? "" : ` (on the way to ${quoteName(next)})` };
}

function nextName(node: Node, outputs: readonly Node[]): string | null {
  const after = new Set([node]);
  for (const one of topologicalOrder(outputs)) {
    if (!one.inputs.some((input) => after.has(input))) continue;
    after.add(one);
    if (one.made?.name && !one.made.gradientOf) return one.made.name;
  }
  return null;
}

/** What was found at an element: its value, and those it was computed from where these are few. */
export interface Finding {
  readonly value: number;
  readonly from: readonly number[];
}

const ADVICE =
  "Keep what goes in within its range (clamp, maximum), or choose around it before (where).";

function placeText({ node, place }: Element): string {
  return `element ${formatShape(coordinatesOf(place, node.shape))} of ${node.dtype}${formatShape(node.shape)}`;
}

/** What of an element is plain data. */
function detailsOf({ node, place }: Element, value: number): Record<string, unknown> {
  return {
    shape: [...node.shape],
    dtype: node.dtype,
    index: coordinatesOf(place, node.shape),
    value,
    callSite: fullPlace(responsible(node)?.site),
  };
}

function inputError(at: Element): PrismaError {
  const { node, place } = at;
  const given = `given${atPlace(node.made?.site)}`;
  const index = formatShape(coordinatesOf(place, node.shape));
  const what =
    node.op.kind === "scalar"
      ? `the number NaN was ${given}`
      : `the input ${quoteName(node.label)}, ${node.dtype}${formatShape(node.shape)}, ${given}, holds NaN at ${index}`;
  return new PrismaError(
    "ANOMALY",
    `${what}; no operation made it. Mend the values, or replace them first: where(x.isNaN(), 0, x).`,
    { operation: null, name: node.label, ...detailsOf(at, Number.NaN) },
  );
}

/** @returns ANOMALY for what is wrong at `anomaly.origin`, an element below `outputs` */
export function anomalyError(
  { origin, result }: Anomaly,
  { value, from }: Finding,
  outputs: readonly Node[],
): PrismaError {
  const { node } = origin;
  if (node.op.kind === "leaf" || node.op.kind === "scalar") return inputError(origin);
  const { name, text } = nameOf(node, outputs);
  const given = from.every((one) => Number.isFinite(one)) ? "finite values" : "infinite values";
  const inputs = from.length === 0 ? "" : `, from ${from.join(" and ")}`;
  const next =
    result === null
      ? ""
      : ` Of it ${phrase(result.node)}${atPlace(responsible(result.node)?.site)} made NaN.`;
  return new PrismaError(
    "ANOMALY",
    `${phrase(node)}${text}, called${atPlace(responsible(node)?.site)}, made ${value} out of ${given}: ${placeText(origin)}${inputs}.${next} ${ADVICE}`,
    {
      operation: operationOf(node),
      step: node.made?.step ?? node.label,
      backward: Boolean(node.made?.gradientOf),
      name,
      ...detailsOf(origin, value),
      from: [...from],
    },
  );
}

/** @returns ANOMALY for results that are not finite when computed together and finite step by step */
export function fusedAnomalyError(output: Node): PrismaError {
  return new PrismaError(
    "ANOMALY",
    `${phrase(output)}, called${atPlace(responsible(output)?.site)}, is not finite, ${output.dtype}${formatShape(output.shape)}, though each of its operations gives finite values by itself: they are at the edge of what f32 holds. Scale the values down.`,
    {
      operation: operationOf(output),
      shape: [...output.shape],
      dtype: output.dtype,
      callSite: fullPlace(responsible(output)?.site),
    },
  );
}
