// What the model answers: the probability of every class, with its logit.
import { bars } from "@prisma/viz";
import type { BarsData } from "@prisma/viz";
import { useMemo } from "preact/hooks";
import type { PageState } from "../page-state.ts";
import { softmax } from "../predictions.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: BarsData) => bars(data);

/** All classes in the model's own order, so that no row moves when the picture changes. */
export function AnswerPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  const data = useMemo((): BarsData | null => {
    if (reading === null || engine === null) return null;
    const probabilities = softmax(reading.logits);
    return {
      shape: [probabilities.length],
      data: probabilities,
      labels: engine.model.labels,
      title: "probability",
      unit: "percent",
      also: { title: "logit", data: reading.logits },
    };
  }, [reading, engine]);
  return (
    <section class="panel answer" aria-labelledby="answer-title">
      <h2 id="answer-title">What does it answer?</h2>
      <div class="answer-figure" data-busy={page.busy.value}>
        {data !== null && <FigureView create={create} data={data} />}
      </div>
      <p class="small quiet">
        {engine?.model.random === true
          ? "Never trained: what it answers is chance."
          : "Names the brighter one in 85% of 5,000 scenes."}
      </p>
    </section>
  );
}
