// What can be done to the chosen head, and the list of what was done.
import { patchPosition, pixelImage } from "@prisma/viz";
import type { PixelImageData } from "@prisma/viz";
import { attentionRow, headPattern, strongestKeys } from "../attention-pattern.ts";
import type { Causes } from "../cause-state.ts";
import { isMade } from "../cause-state.ts";
import { editKey, editWords, headName } from "../head-edits.ts";
import type { HeadEdit } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

const create = (data: PixelImageData) => pixelImage(data);

/** The patch that the chosen head looks at most, from where the answer is read; the next one once that is hidden. */
function topPatch(page: PageState, { model }: Causes): readonly [number, number] | null {
  const pattern = page.pattern.value;
  if (pattern === null) return null;
  const { tokens } = model;
  const row = attentionRow(
    headPattern(pattern, model, page.selected.value),
    tokens,
    tokens.cls ?? page.query.value,
  );
  const [most = 0] = strongestKeys(row, tokens.patches, 1);
  return patchPosition(tokens, most);
}

/** Buttons for the chosen head, the second picture, and the edits with a way back. */
export function EditsPanel({ page, causes }: { page: PageState; causes: Causes }) {
  const head = page.selected.value;
  const edits = page.cause.edits.value;
  const { second } = causes.examined;
  const { grid } = causes.model.tokens;
  const top = topPatch(page, causes);
  const actions: readonly (readonly [words: string, edit: HeadEdit])[] = [
    ["Cut it", { kind: "cut", head }],
    ...(second === null ? [] : [["Patch it", { kind: "patch", head }] as const]),
    ["Hide left half", { kind: "blind", head, hidden: "left" }],
    ["Hide right half", { kind: "blind", head, hidden: "right" }],
    ...(top === null
      ? []
      : [
          [`Hide (${top.join(",")}), its top patch`, { kind: "blind", head, hidden: top }] as const,
        ]),
  ];
  return (
    <section class="panel edits" aria-labelledby="edits-title">
      <h3 id="edits-title">What if {headName(head)} were different?</h3>
      <div class="actions">
        {actions.map(([words, edit]) => (
          <button
            type="button"
            class="toggle"
            key={editKey(edit)}
            aria-pressed={isMade(edits, edit)}
            onClick={() => void page.cause.toggle(edit)}
          >
            {words}
          </button>
        ))}
      </div>
      {second !== null && (
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
            Second picture: the brighter garment painted out. A patched head writes what it writes
            for this one.
          </p>
        </div>
      )}
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
    </section>
  );
}
