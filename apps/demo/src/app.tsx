// The page: a finding, what the model sees and answers, where every head looks, one head large.
import { useState } from "preact/hooks";
import type { PageState } from "./page-state.ts";
import { AnswerPanel } from "./parts/answer-panel.tsx";
import { CauseSection } from "./parts/cause-section.tsx";
import { DeviceSwitch } from "./parts/device-switch.tsx";
import { Finding } from "./parts/finding.tsx";
import { HeadPanel } from "./parts/head-panel.tsx";
import { HeadsPanel } from "./parts/heads-panel.tsx";
import { ScenePanel } from "./parts/scene-panel.tsx";
import { Words } from "./parts/words.tsx";

/** The whole page; a picture may be dropped anywhere on it. */
export function App({ page }: { page: PageState }) {
  const [over, setOver] = useState(false);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) void page.choose({ kind: "picture", file, name: file.name });
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
        <p class="quiet">A vision transformer, open: it names the brighter of two garments.</p>
        <DeviceSwitch page={page} />
      </header>
      <main>
        {page.linkProblems.value.map((problem) => (
          <p class="notice small" role="status" key={problem}>
            {problem}
          </p>
        ))}
        <Finding page={page} />
        <div class="columns">
          <div class="column">
            <ScenePanel page={page} />
            <AnswerPanel page={page} />
          </div>
          <HeadsPanel page={page} />
          <HeadPanel page={page} />
          <Words page={page} />
        </div>
        <CauseSection page={page} />
      </main>
    </div>
  );
}
