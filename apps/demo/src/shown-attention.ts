// The attention that the figures draw: in the measure chosen, with the edits made, on a scale that holds before and after.
import type { AttentionMeasure } from "@prisma/viz";
import type { PageState } from "./page-state.ts";

/** Numbers `[layers, heads, tokens, tokens]`, and what they are. */
export interface ShownAttention {
  readonly values: Float32Array;
  readonly measure: AttentionMeasure;
}

/** Attention of the picture read; as the model is until it is known what edits do. Null before there is a reading. */
export function shownAttention(page: PageState): ShownAttention | null {
  const reading = page.reading.value;
  const causes = page.known.value;
  if (reading === null) return null;
  if (causes === null) return { values: reading.pattern, measure: { kind: "pattern" } };
  const { plain, edited, question, model } = causes;
  const { kind, values } = edited.attention;
  if (kind === "pattern") return { values, measure: { kind } };
  const max = scaleEnd([plain.attention.values, values]);
  if (kind === "value-weighted") return { values, measure: { kind, max } };
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  return { values, measure: { kind, max, target: `${of} rather than ${against}` } };
}

/** The largest magnitude, rounded up to one digit. */
function scaleEnd(lists: readonly Float32Array[]): number {
  const largest = lists.reduce(
    (most, list) => list.reduce((so, value) => Math.max(so, Math.abs(value)), most),
    1e-6,
  );
  const unit = 10 ** Math.floor(Math.log10(largest));
  return Math.ceil(largest / unit) * unit;
}
