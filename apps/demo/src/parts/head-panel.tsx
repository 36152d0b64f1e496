// One head large over the picture, and what its attention does and does not say.
import { attentionMap, formatPercent, tokenName } from "@prisma/viz";
import type { AttentionMapData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Engine, ModelFacts, Reading } from "../engine.ts";
import { headName } from "../page-link.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

/** The chosen head's attention over the picture, one row at a time. */
export function HeadPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  const create = useCallback(
    (data: AttentionMapData) =>
      attentionMap(data, {
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
  return (
    <section class="panel head" aria-labelledby="head-title">
      <h2 id="head-title">What does {headName(page.selected.value)} look at?</h2>
      <p class="small quiet">
        Hover a patch to see where it looks; click to keep it. Arrow keys walk.
      </p>
      <div class="head-figure" data-busy={page.busy.value}>
        {reading !== null && engine !== null && (
          <FigureView create={create} data={mapData(page, engine, reading)} />
        )}
      </div>
      {reading !== null && engine !== null && (
        <Strongest page={page} engine={engine} reading={reading} />
      )}
      <p class="note small">
        Each row of numbers sums to 100%. Attention is where a head looks, not what decides the
        answer: a head can look hard and write nothing that matters.
      </p>
    </section>
  );
}

function Strongest({
  page,
  engine,
  reading,
}: {
  page: PageState;
  engine: Engine;
  reading: Reading;
}) {
  const { model } = engine;
  const query = page.shownQuery.value;
  const weights = Array.from(headPattern(page, model, reading)).slice(
    query * model.tokenCount,
    (query + 1) * model.tokenCount,
  );
  const top = weights
    .map((_, key) => key)
    .sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
    .slice(0, 3);
  return (
    <p class="strongest">
      From <strong>{tokenName(model.tokens, query)}</strong> most at{" "}
      {top
        .map((key) => `${tokenName(model.tokens, key)} ${formatPercent(weights[key] ?? 0)}`)
        .join(", ")}
      .
    </p>
  );
}

function mapData(page: PageState, { model }: Engine, reading: Reading): AttentionMapData {
  return {
    shape: [model.tokenCount, model.tokenCount],
    data: headPattern(page, model, reading),
    tokens: model.tokens,
    query: page.query.value,
    name: headName(page.selected.value),
    picture: reading.picture,
  };
}

function headPattern(page: PageState, model: ModelFacts, { pattern }: Reading): Float32Array {
  const { layer, head } = page.selected.value;
  const size = model.tokenCount ** 2;
  const at = (layer * model.heads + head) * size;
  return pattern.subarray(at, at + size);
}
