// The lens: what every patch would answer after each layer, and how the margin grows through them.
import { curves, lensMap, tokenName } from "@prisma/viz";
import type { CurvesData, LensMapData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Causes } from "../cause-state.ts";
import { classSign } from "../class-sign.ts";
import type { ModelFacts } from "../engine.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

const createCurves = (data: CurvesData) => curves(data);

/** An emoji a patch, a slider over the layers, and the margin at CLS layer by layer. */
export function LensPanel(props: { page: PageState; causes: Causes; model: ModelFacts }) {
  const { page, causes, model } = props;
  const layer = page.cause.lensLayer.value ?? model.layers;
  const create = useCallback(
    (data: LensMapData) =>
      lensMap(data, {
        onHover: (token) => {
          page.hovered.value = token;
        },
        onSelect: (token) => {
          page.hovered.value = null;
          page.query.value = token;
        },
      }),
    [page],
  );
  const picture = page.reading.value?.picture;
  return (
    <section class="panel lens" aria-labelledby="lens-title">
      <h3 id="lens-title">What would each patch answer?</h3>
      <p class="lead small quiet">
        The final norm and head, read at every token {stepWords(layer)}. This model was trained to
        name the garment at each patch; others need not be readable so.
      </p>
      <label class="slider small">
        <span>layer</span>
        <input
          type="range"
          min={0}
          max={model.layers}
          value={layer}
          aria-valuetext={stepWords(layer)}
          onInput={(event) => {
            page.cause.lensLayer.value = Number(event.currentTarget.value);
          }}
        />
        <output>{stepName(layer)}</output>
      </label>
      <FigureView
        create={create}
        data={{
          tokens: model.tokens,
          classes: lensClasses(causes, model, layer),
          title: `Lens ${stepWords(layer)}`,
          selected: page.query.value,
          ...(picture === undefined ? {} : { picture }),
        }}
      />
      <h3>Where is it decided?</h3>
      <FigureView create={createCurves} data={marginCurves(causes, model, layer)} />
    </section>
  );
}

function lensClasses(
  { edited }: Causes,
  { labels }: ModelFacts,
  layer: number,
): LensMapData["classes"] {
  return (edited.lens[layer] ?? []).map(({ classes, probabilities }) =>
    classes.map((at, rank) => ({
      label: labels[at] ?? "",
      sign: classSign(labels[at] ?? ""),
      probability: probabilities[rank] ?? 0,
    })),
  );
}

function marginCurves(causes: Causes, model: ModelFacts, layer: number): CurvesData {
  const { plain, edited, edits, question } = causes;
  const steps = model.layers + 1;
  const rows = edits.length === 0 ? [plain.margins] : [plain.margins, edited.margins];
  const values = rows.flatMap((row) => Array.from(row));
  const bound = Math.ceil(Math.max(1, ...values.map(Math.abs)));
  return {
    shape: [rows.length, steps],
    data: values,
    series: edits.length === 0 ? ["as it is"] : ["as it is", "edited"],
    steps: Array.from({ length: steps }, (_, step) => stepName(step)),
    title: `${model.labels[question.of] ?? ""} minus ${model.labels[question.against] ?? ""} at ${tokenName(model.tokens, model.tokens.cls ?? 0)}, in logits`,
    unit: "number",
    domain: [-bound, bound],
    step: layer,
  };
}

function stepName(step: number): string {
  return step === 0 ? "in" : `L${step - 1}`;
}

function stepWords(step: number): string {
  return step === 0 ? "before the first layer" : `after layer ${step - 1}`;
}
