// The spine: what every head writes toward the answer, and beside it what cutting the head does.
import { headMatrix } from "@prisma/viz";
import type { HeadMatrixData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Causes } from "../cause-state.ts";
import type { ModelFacts } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

interface Shown {
  readonly page: PageState;
  readonly causes: Causes;
  readonly model: ModelFacts;
}

/** From this much on, in logits, a head that writes one way and whose cut does not take it away is pointed out. */
const DISAGREES = 0.25;

/** Two matrices on one scale: written, and caused. */
export function SpinePanel({ page, causes, model }: Shown) {
  const { plain, edited, effects, question } = causes;
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  const heads = Array.from({ length: model.heads }, (_, head) => `H${head}`);
  // One scale for both, from the unedited model, so that colours do not jump while a visitor compares.
  const max = scaleMax([plain.contributions, edited.contributions, effects ?? []]);
  const create = useCallback(
    (data: HeadMatrixData) =>
      headMatrix(data, {
        onSelect: ({ layer, column }) => {
          if (column < model.heads) page.selected.value = { layer, head: column };
        },
      }),
    [page, model],
  );
  const { layer, head } = page.selected.value;
  const shared = { max, selected: { layer, column: head } };
  return (
    <section class="panel spine" aria-labelledby="spine-title">
      <h3 id="spine-title">Which heads write toward it?</h3>
      <p class="lead small quiet">
        What a head adds to {of} minus {against} where the answer is read. With embeddings and
        biases it sums to the margin.
      </p>
      <FigureView
        create={create}
        data={{
          ...shared,
          shape: [model.layers, model.heads + 1],
          data: edited.contributions,
          columns: [...heads, "MLP"],
          title: `writes toward ${of} rather than ${against}, in logits`,
          edits: editNotes(causes, model),
        }}
      />
      <h3>What does cutting a head do?</h3>
      <p class="lead small quiet">
        The change of the margin when the head writes its mean over 100 scenes. A corner marks heads
        whose cut does not take away what they write: others make up for them, or build on them.
      </p>
      <div class="effects-figure">
        {effects !== null && (
          <FigureView
            create={create}
            data={{
              ...shared,
              shape: [model.layers, model.heads],
              data: effects,
              columns: heads,
              title: "change of the margin when cut, in logits",
              flagged: {
                cells: disagreements(plain.contributions, effects, model),
                meaning: "writing and cutting disagree",
              },
            }}
          />
        )}
      </div>
    </section>
  );
}

/** The largest magnitude, rounded up to a half, so that the scale has a plain number at its end. */
function scaleMax(lists: readonly ArrayLike<number>[]): number {
  const largest = Math.max(0.5, ...lists.flatMap((list) => Array.from(list, Math.abs)));
  return Math.ceil(2 * largest) / 2;
}

/** What was done to each head, layer by layer, with an empty place for the MLP. */
function editNotes({ edits }: Causes, model: ModelFacts): string[] {
  const words = { cut: "cut", patch: "patched", blind: "sees one half" };
  const noteOf = (name: string): string =>
    edits
      .filter((edit) => headName(edit.head) === name)
      .map((edit) => words[edit.kind])
      .join(", ");
  return Array.from({ length: model.layers }, (_, layer) => [
    ...Array.from({ length: model.heads }, (__, head) => noteOf(headName({ layer, head }))),
    "",
  ]).flat();
}

/** Heads that write clearly one way while cutting them does not move the margin the other way. */
function disagreements(
  contributions: Float32Array,
  effects: Float32Array,
  { heads }: ModelFacts,
): boolean[] {
  return Array.from(effects, (effect, at) => {
    const written = contributions[Math.floor(at / heads) * (heads + 1) + (at % heads)] ?? 0;
    return Math.abs(written + effect) > DISAGREES + 0.5 * Math.abs(written);
  });
}
