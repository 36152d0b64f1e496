// What the model answers: the probability of every class, with its logit.
import { bars } from "@prisma/viz";
import type { BarsData } from "@prisma/viz";
import { useMemo } from "preact/hooks";
import type { PageState } from "../page-state.ts";
import { shownClasses, softmax } from "../predictions.ts";
import { FigureView } from "./figure-view.tsx";
import { LabelsForm } from "./labels-form.tsx";

const create = (data: BarsData) => bars(data);

/** All classes in the model's own order, so that no row moves when the picture changes; of many, the likeliest. */
export function AnswerPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  const data = useMemo((): BarsData | null => {
    if (reading === null || engine === null) return null;
    const probabilities = softmax(reading.logits);
    const shown = shownClasses(reading.logits);
    const labels = shown.map((at) => engine.model.labels[at] ?? "");
    return {
      shape: [shown.length],
      data: shown.map((at) => probabilities[at] ?? 0),
      labels,
      title: "probability",
      unit: "percent",
      also: { title: "logit", data: shown.map((at) => reading.logits[at] ?? 0) },
    };
  }, [reading, engine]);
  return (
    <section class="panel answer" aria-labelledby="answer-title">
      <h2 id="answer-title">What does it answer?</h2>
      <div class="answer-figure" data-busy={page.busy.value}>
        {data !== null && <FigureView create={create} data={data} />}
      </div>
      <p class="small quiet">{note(page)}</p>
      {engine?.model.zeroShot === true && <LabelsForm page={page} />}
    </section>
  );
}

function note({ engine }: PageState): string {
  const model = engine.value?.model;
  if (model === undefined) return "";
  if (model.random) return "Never trained: what it answers is chance.";
  if (model.shipped) return "Names the brighter one in 85% of 5,000 scenes.";
  return model.labels.length > shownClasses(model.labels.map(() => 0)).length
    ? `The likeliest of ${model.labels.length}.`
    : "";
}
