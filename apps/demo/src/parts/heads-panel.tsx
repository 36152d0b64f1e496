// Where every head looks: all layers and heads at once, for one token.
import { attentionGrid, tokenCount, tokenName } from "@prisma/viz";
import type { AttentionGridData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { PageState } from "../page-state.ts";
import { shownAttention } from "../shown-attention.ts";
import { FigureView } from "./figure-view.tsx";
import { Term } from "./term.tsx";

const titles = {
  pattern: "Where does each head look?",
  "value-weighted": "What does each head take?",
  contribution: "What does each head add?",
} as const;

/** The grid of heads; choosing one shows it large. */
export function HeadsPanel({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const attention = shownAttention(page);
  const engine = page.engine.value;
  const create = useCallback(
    (data: AttentionGridData) =>
      attentionGrid(data, {
        onSelect: (head) => {
          page.selected.value = head;
        },
      }),
    [page],
  );
  const query = page.shownQuery.value;
  return (
    <section class="panel heads" aria-labelledby="heads-title">
      <h3 id="heads-title">{titles[attention?.measure.kind ?? "pattern"]}</h3>
      <p class="lead small quiet">
        From {engine === null ? "CLS" : tokenName(engine.model.tokens, query)}: layers down, heads
        across. The square above each map is <Term of="CLS" />. Choose a <Term of="head" /> to see
        it large.
      </p>
      <div class="heads-figure" data-busy={page.busy.value}>
        {reading !== null && attention !== null && engine !== null && (
          <FigureView
            create={create}
            data={{
              shape: [
                engine.model.layers,
                engine.model.heads,
                tokenCount(engine.model.tokens),
                tokenCount(engine.model.tokens),
              ],
              data: attention.values,
              measure: attention.measure,
              tokens: engine.model.tokens,
              query,
              selected: page.selected.value,
              picture: reading.picture,
            }}
          />
        )}
      </div>
    </section>
  );
}
