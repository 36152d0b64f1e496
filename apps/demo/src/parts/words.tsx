// The few words the page cannot do without, each in one sentence about the model at hand.
import { patchPosition } from "@prisma/viz";
import type { ModelFacts, Reading } from "../engine.ts";
import type { PageState } from "../page-state.ts";

/** Definitions of patch, CLS, head, attention, margin and logit, with this model's numbers. */
export function Words({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  return (
    <section class="words-panel" aria-label="Words on this page">
      {reading !== null && engine !== null && (
        <Definitions model={engine.model} reading={reading} />
      )}
    </section>
  );
}

function Definitions({ model, reading }: { model: ModelFacts; reading: Reading }) {
  const { tokens, layers, heads } = model;
  const [rows, columns] = tokens.grid;
  const [height = 0, width = 0] = reading.picture.shape;
  const last = patchPosition(tokens, tokens.patches.at(-1) ?? 0) ?? [0, 0];
  return (
    <dl class="words small">
      <dt>patch</dt>
      <dd>
        A square of {height / rows} × {width / columns} pixels, named by row and column: (0,0) to (
        {last.join(",")}).
      </dd>
      {tokens.cls !== null && (
        <>
          <dt>CLS</dt>
          <dd>A token of its own that belongs to no patch. The answer is read from it.</dd>
        </>
      )}
      <dt>head</dt>
      <dd>
        Each of the {layers} layers has {heads}. A head lets every token look at all tokens and copy
        something from where it looks.
      </dd>
      <dt>attention</dt>
      <dd>How a head divides one token’s look; the shares sum to 100%.</dd>
      <dt>margin</dt>
      <dd>How far the logit of one class is above that of the other.</dd>
      <dt>logit</dt>
      <dd>The score of a class, before all scores are turned into probabilities.</dd>
    </dl>
  );
}
