// Call sites in errors: where user code called what failed, short in the message and in full in `details`.
import { PrismaError } from "../errors.ts";
import { formatPlace, shortPlace, type CallSite } from "../graph/call-site.ts";
import type { Node } from "../graph/node.ts";

/** ` at model.ts:12:5`, or nothing where the line is not known. */
export function atPlace(site: CallSite | null | undefined): string {
  const place = site?.place ?? null;
  return place === null ? "" : ` at ${shortPlace(place)}`;
}

/** The whole place, for `details`; null where the line is not known. */
export function fullPlace(site: CallSite | null | undefined): string | null {
  const place = site?.place ?? null;
  return place === null ? null : formatPlace(place);
}

/** Labels of `nodes`, each with its number, by which {@link withCallSites} finds the node again if a kernel fails. */
export function numberedLabels(nodes: readonly Node[]): string[] {
  return nodes.map((node, i) => `${node.label}#${i}`);
}

/** Errors that tell where by themselves, or of nothing that an operation did. */
const PLACELESS: ReadonlySet<string> = new Set(["ANOMALY", "CANCELLED", "ARGUMENT_INVALID"]);

/** `error` with the call sites of what it is about: of the labels it names by number, or else of `results`. */
export function withCallSites(
  error: unknown,
  results: readonly Node[],
  nodes: readonly Node[] = [],
): unknown {
  if (!(error instanceof PrismaError) || PLACELESS.has(error.code) || "callSite" in error.details)
    return error;
  const labels = Array.isArray(error.details["labels"]) ? error.details["labels"].map(String) : [];
  const named = labels.flatMap((label) => {
    const node = nodes[Number(/#(\d+)$/.exec(label)?.[1] ?? Number.NaN)];
    return node === undefined ? [] : [{ label, node }];
  });
  const about = named.length === 0 ? results : named.map(({ node }) => node);
  const callSites = [...new Set(about.map(({ made }) => fullPlace(made?.site)))];
  const text = named.reduce(
    (message, { label, node }) =>
      message.replace(label, `${node.label}${atPlace(node.made?.site)}`),
    error.message.slice(`${error.code}: `.length),
  );
  const whose =
    named.length > 0
      ? ""
      : ` (for ${results.map(({ label, made }) => `${label}${atPlace(made?.site)}`).join(", ")})`;
  const plain = labels.length === 0 ? {} : { labels: about.map(({ label }) => label) };
  return new PrismaError(
    error.code,
    `${text}${whose}`,
    { ...error.details, ...plain, callSite: callSites[0] ?? null, callSites },
    { cause: error },
  );
}
