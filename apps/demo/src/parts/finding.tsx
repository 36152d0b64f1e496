// The first sentences on the page: what the model answers, what decides it, and what to try.
import { formatPercent } from "@prisma/viz";
import { garmentClasses } from "../class-sign.ts";
import type { Side } from "../compose-scene.ts";
import type { Engine } from "../engine.ts";
import { headName } from "../head-edits.ts";
import type { PageState, SceneReading } from "../page-state.ts";
import type { GarmentScene } from "../scene.ts";
import { exampleEdit, isExample, isExampleEdit } from "../worked-example.ts";
import { largest, softmax } from "../predictions.ts";
import { CauseSentence } from "./cause-sentence.tsx";

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
          {/* Made anew when the second sentence is known, so that no word of the first moves. */}
          <p key={page.known.value}>
            <Answer page={page} reading={reading} engine={engine} /> <Cause page={page} />
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

/** What decides it, once that is known, and what edits did. */
function Cause({ page }: { page: PageState }) {
  const causes = page.known.value;
  if (page.cause.error.value !== null)
    return (
      <span class="error" role="alert">
        {page.cause.error.value}
      </span>
    );
  return causes === null ? null : <CauseSentence causes={causes} />;
}

/** How the answer relates to the two garments of the scene. */
function relation(page: PageState, { scene }: SceneReading, answer: number): string {
  if (scene.kind === "picture" || !page.models.isShipped) return "";
  const bright = garmentLabel(page, scene, scene.brighter);
  const dim = garmentLabel(page, scene, otherSide(scene.brighter));
  if (bright === dim)
    return answer === bright ? ", which both garments are" : ", which neither garment is";
  if (answer === bright) return ", the brighter garment";
  return answer === dim ? ", the dimmer garment" : ", which neither garment is";
}

function Suggestion({ page, reading, engine }: Shown) {
  const { scene } = reading;
  if (engine.model.random) {
    return (
      <button type="button" class="action" onClick={() => void page.useRandom(false)}>
        Back to the trained weights
      </button>
    );
  }
  if (scene.kind === "picture") {
    return (
      <button type="button" class="action" onClick={() => void page.compose({})}>
        Back to the two garments
      </button>
    );
  }
  const dimmer = otherSide(scene.brighter);
  const labelOf = (side: Side): string => garmentClasses[garmentLabel(page, scene, side)] ?? "";
  if (engine.model.shipped && isExample(scene) && !isExampleEdit(page.cause.edits.value)) {
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
