// The lens: what every patch would answer after each layer.
import { lensMap } from "@prisma/viz";
import type { LensMapData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Causes } from "../cause-state.ts";
import { lensClasses } from "../lens-classes.ts";
import { stepName, stepWords } from "../lens-steps.ts";
import type { ModelFacts } from "../engine.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";
import { Term } from "./term.tsx";

/** An emoji a patch, and a slider over the layers. */
export function LensPanel({ page, causes }: { page: PageState; causes: Causes }) {
  const { model } = causes;
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
        The final <Term of="norm" /> and class scores, read at every token {stepWords(layer)}.{" "}
        {lensNote(model)}
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
          classes: lensClasses(causes.edited.lens[layer] ?? [], model),
          title: `Lens ${stepWords(layer)}`,
          selected: page.query.value,
          ...(picture === undefined ? {} : { picture }),
        }}
      />
    </section>
  );
}

function lensNote({ random, shipped }: ModelFacts): string {
  if (random) return "Of random weights the answers are chance.";
  if (shipped)
    return "This model was trained to name the garment at each patch; others need not be readable so.";
  return "Patches of a model whose answer is read elsewhere need not be readable so.";
}
