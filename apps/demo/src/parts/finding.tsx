// The first sentence on the page: what the model answers, what one head does, and what to try.
import { formatPercent, tokenName } from "@prisma/viz";
import type { Side } from "../compose-scene.ts";
import type { Engine } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { GarmentScene, PageState, SceneReading } from "../page-state.ts";
import { exampleEdit, isExample, isExampleEdit } from "../worked-example.ts";
import { largest, softmax } from "../predictions.ts";
import { attentionRow, headPattern, sumByHalf } from "../attention-pattern.ts";

/** States the finding for what is shown, and suggests one action. */
export function Finding({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  return (
    <section class="finding" aria-live="polite">
      {page.openError.value !== null ? (
        <p class="error" role="alert">
          {page.openError.value}{" "}
          <button type="button" class="action" onClick={() => void page.open()}>
            Try again
          </button>
        </p>
      ) : reading === null || engine === null ? (
        <p>
          {page.sceneError.value === null
            ? "Loading the model and computing the first answer\u2026"
            : ""}
        </p>
      ) : (
        <>
          <p>
            <Answer page={page} reading={reading} engine={engine} />{" "}
            <HeadSentence page={page} reading={reading} engine={engine} />
          </p>
          <Suggestion page={page} reading={reading} engine={engine} />
        </>
      )}
    </section>
  );
}

interface Shown {
  readonly page: PageState;
  readonly reading: SceneReading;
  readonly engine: Engine;
}

function Answer({ page, reading, engine }: Shown) {
  const shares = softmax(reading.logits);
  const top = largest(shares);
  return (
    <>
      The model answers <strong>{engine.model.labels[top]}</strong> (
      {formatPercent(shares[top] ?? 0)}){relation(page, reading, top)}.
    </>
  );
}

/** How the answer relates to the two garments of the scene. */
function relation(page: PageState, { scene }: SceneReading, answer: number): string {
  if (scene.kind === "picture") return "";
  const bright = garmentLabel(page, scene, scene.brighter);
  const dim = garmentLabel(page, scene, otherSide(scene.brighter));
  if (bright === dim)
    return answer === bright ? ", which both garments are" : ", which neither garment is";
  if (answer === bright) return ", the brighter garment";
  return answer === dim ? ", the dimmer garment" : ", which neither garment is";
}

function HeadSentence({ page, reading, engine }: Shown) {
  const selected = page.selected.value;
  const query = page.query.value;
  const { model } = engine;
  const row = attentionRow(headPattern(reading.pattern, model, selected), model.tokens, query);
  const shares = sumByHalf(row, model.tokens);
  const most = largest(shares);
  const place = ["on the left half", "on the right half", "on CLS"][most] ?? "";
  return (
    <>
      From {tokenName(model.tokens, query)}, head <strong>{headName(selected)}</strong> puts{" "}
      {formatPercent(shares[most] ?? 0)} of its attention {place}.
    </>
  );
}

function Suggestion({ page, reading, engine }: Shown) {
  const { scene } = reading;
  if (scene.kind === "picture") {
    return (
      <button type="button" class="action" onClick={() => void page.compose({})}>
        Back to the two garments
      </button>
    );
  }
  const dimmer = otherSide(scene.brighter);
  const labelOf = (side: Side): string =>
    engine.model.labels[garmentLabel(page, scene, side)] ?? "";
  if (isExample(scene) && !isExampleEdit(page.cause.edits.value)) {
    return (
      <button
        type="button"
        class="action"
        onClick={() => {
          page.selected.value = exampleEdit.head;
          void page.cause.toggle(exampleEdit);
        }}
      >
        Try it: let {headName(exampleEdit.head)} miss the {labelOf(scene.brighter)}
      </button>
    );
  }
  const label = labelOf(dimmer);
  return (
    <button type="button" class="action" onClick={() => void page.compose({ brighter: dimmer })}>
      Try it: brighten the {dimmer} one ({label})
    </button>
  );
}

function garmentLabel(page: PageState, scene: GarmentScene, side: Side): number {
  return page.wardrobe.value?.garments[scene[side]]?.label ?? -1;
}

function otherSide(side: Side): Side {
  return side === "left" ? "right" : "left";
}
