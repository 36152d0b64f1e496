// Before and after, side by side: the logits of the model as it is and with the edits.
import { bars } from "@prisma/viz";
import type { BarsData } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import type { ModelFacts } from "../engine.ts";
import { largest, softmax } from "../predictions.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: BarsData) => bars(data);

/** The probabilities after the edits, those before beside them. */
export function ChangePanel({ causes, model }: { causes: Causes; model: ModelFacts }) {
  const { plain, edited, edits } = causes;
  const [before, after] = [softmax(plain.logits), softmax(edited.logits)];
  const difference = after.map((share, at) => share - (before[at] ?? 0));
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
          shape: [after.length],
          data: difference,
          labels: model.labels,
          title: "change",
          unit: "percent",
          domain: [-1, 1],
          highlight: largest(after),
          also: { title: "logit now", data: edited.logits },
        }}
      />
    </section>
  );
}

function changeTitle(labels: readonly string[], before: number, after: number): string {
  return before === after
    ? `It still answers ${labels[after] ?? ""}.`
    : `It now answers ${labels[after] ?? ""}, not ${labels[before] ?? ""}.`;
}
