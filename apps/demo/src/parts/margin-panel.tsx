// How the margin of the question grows through the layers, as the model is and with edits.
import { curves, tokenName } from "@prisma/viz";
import type { CurvesData } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import { stepName } from "../lens-steps.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: CurvesData) => curves(data);

/** The lens's margin where the answer is read, layer by layer; a line marks the layer that the lens shows. */
export function MarginPanel({ page, causes }: { page: PageState; causes: Causes }) {
  const layer = page.cause.lensLayer.value ?? causes.model.layers;
  return (
    <section class="panel margin" aria-labelledby="margin-title">
      <h3 id="margin-title">Where is it decided?</h3>
      <FigureView create={create} data={marginCurves(causes, layer)} />
    </section>
  );
}

function marginCurves({ model, plain, edited, edits, question }: Causes, step: number): CurvesData {
  const steps = model.layers + 1;
  const rows = edits.length === 0 ? [plain.margins] : [plain.margins, edited.margins];
  const values = rows.flatMap((row) => Array.from(row));
  const bound = Math.ceil(Math.max(1, ...values.map(Math.abs)));
  return {
    shape: [rows.length, steps],
    data: values,
    series: edits.length === 0 ? ["as it is"] : ["as it is", "edited"],
    steps: Array.from({ length: steps }, (_, at) => stepName(at)),
    title: `${model.labels[question.of] ?? ""} minus ${model.labels[question.against] ?? ""} at ${tokenName(model.tokens, model.tokens.cls ?? 0)}, in logits`,
    unit: "number",
    domain: [-bound, bound],
    step,
  };
}
