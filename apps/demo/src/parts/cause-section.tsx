// The causal half of the page: what decides between two classes, and what cutting, patching and blinding heads does.
import { formatNumber } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import type { ModelFacts } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { largest } from "../predictions.ts";
import { marginOf } from "../question.ts";
import { ChangePanel } from "./change-panel.tsx";
import { EditsPanel } from "./edits-panel.tsx";
import { LensPanel } from "./lens-panel.tsx";
import { SpinePanel } from "./spine-panel.tsx";

/** Everything that follows from the question "why this rather than that?". */
export function CauseSection({ page }: { page: PageState }) {
  const causes = page.cause.causes.value;
  const model = page.engine.value?.model;
  return (
    <section class="cause" aria-labelledby="cause-title">
      <header class="cause-top">
        <h2 id="cause-title">
          {causes === null || model === undefined
            ? "What decides?"
            : `Why ${model.labels[causes.question.of] ?? ""} rather than ${model.labels[causes.question.against] ?? ""}?`}
        </h2>
        <p aria-live="polite">
          {causes !== null && model !== undefined && (
            <CauseSentence causes={causes} model={model} />
          )}
        </p>
        {page.cause.error.value !== null && (
          <p class="error" role="alert">
            {page.cause.error.value}
          </p>
        )}
      </header>
      {causes !== null && model !== undefined && (
        <div class="cause-columns" data-busy={page.cause.busy.value}>
          <SpinePanel page={page} causes={causes} model={model} />
          <div class="column">
            <EditsPanel page={page} causes={causes} model={model} />
            <ChangePanel page={page} causes={causes} model={model} />
          </div>
          <LensPanel page={page} causes={causes} model={model} />
        </div>
      )}
    </section>
  );
}

function CauseSentence({ causes, model }: { causes: Causes; model: ModelFacts }) {
  const { plain, edited, edits, effects, question } = causes;
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  const before = marginOf(plain.logits, question);
  if (edits.length > 0) {
    const after = marginOf(edited.logits, question);
    return (
      <>
        With {edits.length === 1 ? "this edit" : `these ${edits.length} edits`} {of} stands{" "}
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
      {of} stands {stands(before)} {against}. <strong>{heads(writer)}</strong> writes most toward it
      ({formatNumber(written[writer] ?? 0)})
      {cut !== null && effects !== null && (
        <>
          ; cutting <strong>{heads(cut)}</strong> costs it most ({formatNumber(effects[cut] ?? 0)})
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
