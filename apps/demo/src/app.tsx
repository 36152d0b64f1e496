// The page: a finding; the picture, what decides its answer and what edits change; then a closer look at all of it.
import { useState } from "preact/hooks";
import { droppedFolder, modelName } from "./model-choice.ts";
import type { PageState } from "./page-state.ts";
import { ActionsPanel } from "./parts/actions-panel.tsx";
import { AnswerPanel } from "./parts/answer-panel.tsx";
import { AttentionSwitch } from "./parts/attention-switch.tsx";
import { ChangePanel } from "./parts/change-panel.tsx";
import { DeviceSwitch } from "./parts/device-switch.tsx";
import { EditsPanel } from "./parts/edits-panel.tsx";
import { Finding } from "./parts/finding.tsx";
import { HeadPanel } from "./parts/head-panel.tsx";
import { HeadsPanel } from "./parts/heads-panel.tsx";
import { LensPanel } from "./parts/lens-panel.tsx";
import { LensTablePanel } from "./parts/lens-table-panel.tsx";
import { MarginPanel } from "./parts/margin-panel.tsx";
import { ModelSwitch } from "./parts/model-switch.tsx";
import { ScenePanel } from "./parts/scene-panel.tsx";
import { SpinePanel } from "./parts/spine-panel.tsx";
import { WeightsSwitch } from "./parts/weights-switch.tsx";
import { Words } from "./parts/words.tsx";

/** The whole page; a picture may be dropped anywhere on it. */
export function App({ page }: { page: PageState }) {
  const [over, setOver] = useState(false);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void takeDropped(page, event.dataTransfer);
  };
  return (
    <div
      class={over ? "page dropping" : "page"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <header class="top">
        <h1>Prisma</h1>
        <ModelSwitch page={page} />
        <p class="tagline small quiet">{subtitle(page)}</p>
        <WeightsSwitch page={page} />
        <DeviceSwitch page={page} />
      </header>
      <main>
        {page.linkProblems.value.map((problem) => (
          <p class="notice small" role="status" key={problem}>
            {problem}
          </p>
        ))}
        {page.engine.value?.model.random === true && (
          <p class="notice small" role="status">
            These weights are random and were never trained: whatever a picture shows here, it shows
            without meaning. A picture of the trained model that looks no different says no more.
          </p>
        )}
        <Offered page={page} />
        <Finding page={page} />
        <FirstLook page={page} />
        <CloserLook page={page} />
      </main>
    </div>
  );
}

/** A folder is a model to open, a file a picture to read. */
async function takeDropped(page: PageState, data: DataTransfer | null): Promise<void> {
  const file = data?.files[0];
  const folder = await droppedFolder(data);
  if (folder !== null) await page.useModel(folder);
  else if (file !== undefined) await page.choose({ kind: "picture", file, name: file.name });
}

function subtitle({ models, engine }: PageState): string {
  if (models.isShipped) return "A vision transformer, open: it names the brighter of two garments.";
  const { layers = 0, heads = 0, labels = [] } = engine.value?.model ?? {};
  return `A vision transformer of ${layers} layers with ${heads} heads each, ${labels.length} answers.`;
}

/** A Hub model that the link asks for is fetched only when the visitor says so; errors of a dropped folder stand here too. */
function Offered({ page }: { page: PageState }) {
  const { offered, loading, error } = page.models;
  const choice = offered.value;
  return (
    <>
      {choice !== null && (
        <p class="notice" role="status">
          This link is of {modelName(choice)} on the Hugging Face Hub.{" "}
          <button
            type="button"
            class="link"
            disabled={loading.value !== null || page.engine.value === null}
            onClick={() => void page.useModel(choice)}
          >
            {loading.value === null ? "Load it from huggingface.co" : "Loading\u2026"}
          </button>
        </p>
      )}
      {error.value !== null && (
        <p class="error" role="alert">
          {error.value}
        </p>
      )}
    </>
  );
}

/** What goes in and comes out, the spine between them, and what can be done to it. */
function FirstLook({ page }: { page: PageState }) {
  const causes = page.cause.causes.value;
  return (
    <div class="columns first-look">
      <div class="column">
        <ScenePanel page={page} />
        <AnswerPanel page={page} />
      </div>
      <div class="column spine-column" data-busy={page.cause.busy.value}>
        {causes !== null && <SpinePanel page={page} causes={causes} />}
        {causes !== null && <MarginPanel page={page} causes={causes} />}
      </div>
      <div class="column edit-column" data-busy={page.cause.busy.value}>
        {causes !== null && <ActionsPanel page={page} causes={causes} />}
        {causes !== null && <ChangePanel page={page} causes={causes} />}
        {causes !== null && <EditsPanel page={page} causes={causes} />}
      </div>
    </div>
  );
}

/** Where heads look, and what the stream would answer on its way. */
function CloserLook({ page }: { page: PageState }) {
  const causes = page.cause.causes.value;
  return (
    <section class="closer" aria-labelledby="closer-title">
      <header class="closer-top">
        <h2 id="closer-title">A closer look</h2>
        <AttentionSwitch page={page} />
      </header>
      <div class="columns">
        <HeadsPanel page={page} />
        <HeadPanel page={page} />
        <div class="column" data-busy={page.cause.busy.value}>
          {causes !== null && <LensPanel page={page} causes={causes} />}
        </div>
      </div>
      <div class="table-row" data-busy={page.cause.busy.value}>
        {causes !== null && <LensTablePanel page={page} causes={causes} />}
      </div>
      <Words page={page} />
    </section>
  );
}
