// The spine: what every head writes toward the answer, and beside it what cutting the head does.
import { headMatrix } from "@prisma/viz";
import type { HeadMatrixData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Causes } from "../cause-state.ts";
import type { ModelFacts } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { MeanCauses } from "../mean-state.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";
import { MeanLine, MeanSwitch } from "./mean-switch.tsx";
import { Term } from "./term.tsx";

interface Shown {
  readonly page: PageState;
  readonly causes: Causes;
}

/** From this much on, in logits, a head that writes one way and whose cut does not take it away is pointed out. */
const DISAGREES = 0.25;

/** Two matrices on one scale: written, and caused; of this scene, or as means over many. */
export function SpinePanel({ page, causes }: Shown) {
  const { model, question } = causes;
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  const means = page.mean.shown.value ? page.mean.means.value : null;
  const create = useCallback(
    (data: HeadMatrixData) =>
      headMatrix(data, {
        onSelect: ({ layer, column }) => {
          if (column < model.heads) page.selected.value = { layer, head: column };
        },
      }),
    [page, model],
  );
  const { written, cut } = matrices(page, causes, means);
  return (
    <section class="panel spine" aria-labelledby="cause-title">
      <header class="spine-top">
        <h2 id="cause-title">
          Why {of} rather than {against}?
        </h2>
        {model.shipped && <MeanSwitch page={page} />}
      </header>
      <MeanLine page={page} />
      <div class="matrices">
        <div>
          <h3>Which heads write toward it?</h3>
          <p class="lead small quiet">
            What a <Term of="head" /> adds to {of} minus {against} where the answer is read. With
            embeddings and biases it sums to the <Term of="margin" />.
          </p>
          <FigureView create={create} data={written} />
        </div>
        <div class="effects">
          <h3>What does cutting one do?</h3>
          <p class="lead small quiet">
            The change of the <Term of="margin" /> when it writes its mean over {model.meanOf}{" "}
            scenes. A corner marks heads whose cut does not take away what they write.
          </p>
          {cut === null ? <SweepLine page={page} /> : <FigureView create={create} data={cut} />}
        </div>
      </div>
    </section>
  );
}

/** How many heads have been cut so far. */
function SweepLine({ page }: { readonly page: PageState }) {
  const { done, total } = page.cause.sweep.value ?? { done: 0, total: 1 };
  return (
    <p class="small quiet">
      <progress value={done} max={total} aria-label="Heads cut" />{" "}
      {done === 0 ? "Reading what heads write on average" : `Cut ${done} of ${total}`}
    </p>
  );
}

/** The two matrices' data; the second is null until effects are known. */
function matrices(
  page: PageState,
  causes: Causes,
  means: MeanCauses | null,
): { readonly written: HeadMatrixData; readonly cut: HeadMatrixData | null } {
  const { model, plain, edited, question } = causes;
  const of = model.labels[question.of] ?? "";
  const heads = Array.from({ length: model.heads }, (_, head) => `H${head}`);
  const effects = means === null ? causes.effects : means.effects.means;
  const contributions = means === null ? edited.contributions : means.contributions.means;
  const { layer, head } = page.selected.value;
  // One scale for both, from the unedited model too, so that colours do not jump while a visitor compares.
  const max = scaleMax([plain.contributions, contributions, effects ?? []]);
  const shared = { max, selected: { layer, column: head } };
  const written = {
    ...shared,
    shape: [model.layers, model.heads + 1] as const,
    data: contributions,
    columns: [...heads, "MLP"],
    title: `logits toward ${of}`,
    ...(means === null ? { edits: editNotes(causes) } : { errors: means.contributions.errors }),
  };
  if (effects === null) return { written, cut: null };
  const flagged = {
    cells: disagreements(means === null ? plain.contributions : contributions, effects, model),
    meaning: "writing and cutting disagree",
  };
  const cut = {
    ...shared,
    shape: [model.layers, model.heads] as const,
    data: effects,
    columns: heads,
    title: "logits of change when cut",
    flagged,
    ...(means === null ? {} : { errors: means.effects.errors }),
  };
  return { written, cut };
}

/** The largest magnitude, rounded up to a half, or below a half to 1, 2 or 5 of a power of ten: a plain number at the scale's end. */
function scaleMax(lists: readonly ArrayLike<number>[]): number {
  const largest = Math.max(1e-6, ...lists.flatMap((list) => Array.from(list, Math.abs)));
  if (largest > 0.25) return Math.ceil(2 * largest) / 2;
  const power = 10 ** Math.floor(Math.log10(largest));
  return power * ([1, 2, 5].find((step) => step * power >= largest) ?? 10);
}

/** What was done to each head, layer by layer, with an empty place for the MLP. */
function editNotes({ edits, model }: Causes): string[] {
  const words = { cut: "cut", patch: "patched", blind: "sees a part" };
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
