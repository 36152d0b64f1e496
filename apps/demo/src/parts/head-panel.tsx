// One head large over the picture, and what its attention does and does not say.
import { attentionMap, formatNumber, formatPercent, tokenCount, tokenName } from "@prisma/viz";
import type { AttentionMapData, Picture } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import { attentionRow, headPattern, strongestKeys, sumByHalf } from "../attention-pattern.ts";
import type { ModelFacts } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { shownAttention } from "../shown-attention.ts";
import type { ShownAttention } from "../shown-attention.ts";
import { FigureView } from "./figure-view.tsx";

const verbs = { pattern: "look at", "value-weighted": "take", contribution: "add" } as const;

/** The chosen head's attention over the picture, one row at a time. */
export function HeadPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const attention = shownAttention(page);
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
      <h3 id="head-title">
        What does {headName(page.selected.value)} {verbs[attention?.measure.kind ?? "pattern"]}?
      </h3>
      <p class="lead small quiet">
        Point at a patch to see where it looks, click to keep it, or walk with the arrow keys. The
        picture lies faintly over the colours.
      </p>
      <div class="head-figure" data-busy={page.busy.value}>
        {reading !== null && attention !== null && engine !== null && (
          <FigureView
            create={create}
            data={mapData(page, engine.model, { attention, picture: reading.picture })}
          />
        )}
      </div>
      {attention !== null && engine !== null && (
        <Strongest page={page} model={engine.model} attention={attention} />
      )}
    </section>
  );
}

function Strongest(props: { page: PageState; model: ModelFacts; attention: ShownAttention }) {
  const { page, model, attention } = props;
  const { tokens } = model;
  const { kind } = attention.measure;
  const query = page.shownQuery.value;
  const row = attentionRow(
    headPattern(attention.values, model, page.selected.value),
    tokens,
    query,
  );
  const written = kind === "pattern" ? formatPercent : formatNumber;
  const strongest = strongestKeys(row, row.keys(), 3).map(
    (key) => `${tokenName(tokens, key)} ${written(row[key] ?? 0)}`,
  );
  const [left, right] = sumByHalf(row, tokens);
  return (
    <p class="strongest">
      From <strong>{tokenName(tokens, query)}</strong> {written(left)} on the left half,{" "}
      {written(right)} on the right; most at {strongest.join(", ")}.
    </p>
  );
}

function mapData(
  page: PageState,
  model: ModelFacts,
  { attention, picture }: { readonly attention: ShownAttention; readonly picture: Picture },
): AttentionMapData {
  const count = tokenCount(model.tokens);
  return {
    shape: [count, count],
    data: headPattern(attention.values, model, page.selected.value),
    measure: attention.measure,
    tokens: model.tokens,
    query: page.query.value,
    name: headName(page.selected.value),
    picture,
  };
}
