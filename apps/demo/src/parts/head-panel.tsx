// One head large over the picture, and what its attention does and does not say.
import { attentionMap, formatPercent, tokenCount, tokenName } from "@prisma/viz";
import type { AttentionMapData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import { attentionRow, headPattern, strongestKeys, sumByHalf } from "../attention-pattern.ts";
import type { ModelFacts, Reading } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

/** The chosen head's attention over the picture, one row at a time. */
export function HeadPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const pattern = page.pattern.value;
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
      <h3 id="head-title">What does {headName(page.selected.value)} look at?</h3>
      <p class="lead small quiet">
        Point at a patch to see where it looks, click to keep it, or walk with the arrow keys. The
        picture lies faintly over the colours.
      </p>
      <div class="head-figure" data-busy={page.busy.value}>
        {reading !== null && pattern !== null && engine !== null && (
          <FigureView
            create={create}
            data={mapData(page, engine.model, { pattern, picture: reading.picture })}
          />
        )}
      </div>
      {pattern !== null && engine !== null && (
        <Strongest page={page} model={engine.model} pattern={pattern} />
      )}
      <p class="note small">
        Attention is where a head looks, not what decides the answer: a head can look hard and write
        nothing that matters.
      </p>
    </section>
  );
}

function Strongest(props: { page: PageState; model: ModelFacts; pattern: Float32Array }) {
  const { page, model, pattern } = props;
  const query = page.shownQuery.value;
  const row = attentionRow(headPattern(pattern, model, page.selected.value), model.tokens, query);
  const strongest = strongestKeys(row, row.keys(), 3).map(
    (key) => `${tokenName(model.tokens, key)} ${formatPercent(row[key] ?? 0)}`,
  );
  const [left, right] = sumByHalf(row, model.tokens);
  return (
    <p class="strongest">
      From <strong>{tokenName(model.tokens, query)}</strong> {formatPercent(left)} on the left half,{" "}
      {formatPercent(right)} on the right; most at {strongest.join(", ")}.
    </p>
  );
}

function mapData(
  page: PageState,
  model: ModelFacts,
  { pattern, picture }: Pick<Reading, "pattern" | "picture">,
): AttentionMapData {
  const count = tokenCount(model.tokens);
  return {
    shape: [count, count],
    data: headPattern(pattern, model, page.selected.value),
    tokens: model.tokens,
    query: page.query.value,
    name: headName(page.selected.value),
    picture,
  };
}
