// Before and after, side by side: the logits of the model as it is and with the edits.
import { bars, formatNumber } from "@prisma/viz";
import type { BarsData } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import type { ModelFacts } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { largest, shownClasses, softmax } from "../predictions.ts";
import { exampleEdit, isExample, isExampleEdit, workedExample } from "../worked-example.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: BarsData) => bars(data);

/** The probabilities after the edits, those before beside them. */
export function ChangePanel({ page, causes }: { page: PageState; causes: Causes }) {
  const { model, plain, edited, edits } = causes;
  const [before, after] = [softmax(plain.logits), softmax(edited.logits)];
  // The classes of the answer as it was: what an edit brings up from below is in the title.
  const shown = shownClasses(plain.logits);
  return (
    <section class="panel change" aria-labelledby="change-title">
      <h3 id="change-title">
        {edits.length === 0
          ? "What changes? Nothing yet."
          : changeTitle(model.labels, largest(before), largest(after))}
      </h3>
      <FigureView
        create={create}
        data={{
          shape: [shown.length],
          data: shown.map((at) => (after[at] ?? 0) - (before[at] ?? 0)),
          labels: shown.map((at) => model.labels[at] ?? ""),
          title: "change",
          unit: "points",
          domain: [-1, 1],
          ...(shown.includes(largest(after)) ? { highlight: shown.indexOf(largest(after)) } : {}),
          also: { title: "logit now", data: shown.map((at) => edited.logits[at] ?? 0) },
        }}
      />
      {model.shipped && !model.random && isExample(page.scene.value) && isExampleEdit(edits) && (
        <Controls model={model} />
      )}
    </section>
  );
}

/** What else turns the answer of the worked example, so that nobody takes one head for the only one. */
function Controls({ model }: { model: ModelFacts }) {
  const { otherHeads, otherSources, before } = workedExample;
  const own = exampleEdit.head.layer * model.heads + exampleEdit.head.head;
  const turning = otherHeads.filter((margin, at) => at !== own && margin < 0).length;
  const name = headName(exampleEdit.head);
  return (
    <p class="controls small quiet">
      Controls: of the {otherHeads.length - 1} other heads, patched the same way, {turning} turn the
      answer (margin below 0, from {formatNumber(before)}). With {name} patched from{" "}
      {otherSources.count} other scenes in the same way, {otherSources.turned} turn it: what {name}{" "}
      leaves out matters more than what it writes instead.
    </p>
  );
}

function changeTitle(labels: readonly string[], before: number, after: number): string {
  return before === after
    ? `It still answers ${labels[after] ?? ""}.`
    : `It now answers ${labels[after] ?? ""}, not ${labels[before] ?? ""}.`;
}
