// The edits that were made, with a way back for each, and the picture that patched heads write for.
import { pixelImage } from "@prisma/viz";
import type { PixelImageData } from "@prisma/viz";
import type { Causes } from "../cause-state.ts";
import type { GreyPicture } from "../compose-scene.ts";
import { editKey, editWords } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: PixelImageData) => pixelImage(data);

/** The list of edits, and the second picture where there is one. */
export function EditsPanel({ page, causes }: { page: PageState; causes: Causes }) {
  const edits = page.cause.edits.value;
  const { second } = causes.examined;
  return (
    <section class="panel" aria-labelledby="list-title">
      <h3 id="list-title">What was done?</h3>
      <ol class="edit-list">
        {edits.map((edit) => (
          <li key={editKey(edit)}>
            <span>{editWords(edit)}</span>
            <button
              type="button"
              class="link"
              aria-label={`Take back: ${editWords(edit)}`}
              onClick={() => void page.cause.toggle(edit)}
            >
              take back
            </button>
          </li>
        ))}
      </ol>
      <p class="edit-tools">
        {edits.length === 0 ? (
          <span class="small quiet">No edits. Choose a head and do something to it.</span>
        ) : (
          <>
            <button type="button" class="link" onClick={() => void page.cause.undo()}>
              Undo
            </button>{" "}
            <button type="button" class="link" onClick={() => void page.cause.clear()}>
              Undo all
            </button>
          </>
        )}
      </p>
      {second !== null && <SecondPicture second={second} grid={causes.model.tokens.grid} />}
    </section>
  );
}

function SecondPicture(props: { second: GreyPicture; grid: readonly [number, number] }) {
  const { second, grid } = props;
  return (
    <div class="second">
      <FigureView
        create={create}
        data={{
          data: second.data,
          shape: [second.height, second.width],
          label: "The scene with its brighter garment painted out",
          grid,
          marked: null,
        }}
      />
      <p class="small quiet">
        Second picture: the brighter garment painted out. A patched head writes what it writes for
        this one.
      </p>
    </div>
  );
}
