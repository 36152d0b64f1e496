// What decides the answer, in one sentence; with edits, what they did to it.
import { formatNumber, formatPercent } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import { headName } from "../head-edits.ts";
import { largest, softmax } from "../predictions.ts";
import { marginOf } from "../question.ts";

/** The margin of the question, and the heads that write most toward it and cost it most when cut. */
export function CauseSentence({ causes }: { causes: Causes }) {
  const { model, plain, edited, edits, effects, question } = causes;
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  const before = marginOf(plain.logits, question);
  if (edits.length > 0) {
    const after = marginOf(edited.logits, question);
    const shares = softmax(edited.logits);
    const answer = largest(shares);
    return (
      <>
        With {edits.length === 1 ? "this edit" : `these ${edits.length} edits`} it{" "}
        {answer === largest(plain.logits) ? "still answers" : "answers"}{" "}
        <strong>{model.labels[answer]}</strong> ({formatPercent(shares[answer] ?? 0)}): {of} stands{" "}
        {stands(after)} {against}; it stood {stands(before)} it.
      </>
    );
  }
  const heads = (at: number): string =>
    headName({ layer: Math.floor(at / model.heads), head: at % model.heads });
  const written = Array.from({ length: model.layers * model.heads }, (_, at) => {
    const row = Math.floor(at / model.heads) * (model.heads + 1);
    return plain.contributions[row + (at % model.heads)] ?? 0;
  });
  const writer = largest(written);
  const cut = effects === null ? null : largest(effects.map((effect) => -effect));
  return (
    <>
      {of} stands {stands(before)} {against}: <strong>{heads(writer)}</strong> writes most toward it
      ({formatNumber(written[writer] ?? 0)})
      {cut !== null && effects !== null && (
        <>
          , cutting {cut === writer ? "it" : <strong>{heads(cut)}</strong>} costs most (
          {formatNumber(effects[cut] ?? 0)})
        </>
      )}
      .
    </>
  );
}

/** A margin in words: `1.49 above`, `1.98 below`. */
function stands(margin: number): string {
  return `${formatNumber(Math.abs(margin))} ${margin < 0 ? "below" : "above"}`;
}
