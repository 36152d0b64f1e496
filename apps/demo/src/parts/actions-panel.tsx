// What can be done to the chosen head.
import { patchPosition } from "@prisma/viz";
import { attentionRow, headPattern, strongestKeys } from "../attention-pattern.ts";
import { isMade } from "../cause-state.ts";
import type { Causes } from "../cause-state.ts";
import { headName } from "../head-edits.ts";
import type { HeadEdit } from "../head-edits.ts";
import type { PageState } from "../page-state.ts";

/** A button for each edit of the chosen head; pressed ones are made. */
export function ActionsPanel({ page, causes }: { page: PageState; causes: Causes }) {
  return (
    <section class="panel" aria-labelledby="edits-title">
      <h2 id="edits-title">What if {headName(page.selected.value)} were different?</h2>
      <div class="actions">
        {actionsOf(page, causes).map(([words, edit]) => (
          <button
            type="button"
            class="toggle"
            key={words}
            aria-pressed={isMade(page.cause.edits.value, edit)}
            onClick={() => void page.cause.toggle(edit)}
          >
            {words}
          </button>
        ))}
      </div>
    </section>
  );
}

function actionsOf(page: PageState, causes: Causes): (readonly [words: string, edit: HeadEdit])[] {
  const head = page.selected.value;
  const top = topPatch(page, causes);
  return [
    ["Cut it", { kind: "cut", head }],
    ...(causes.examined.second === null ? [] : [["Patch it", { kind: "patch", head }] as const]),
    ["Hide left half", { kind: "blind", head, hidden: "left" }],
    ["Hide right half", { kind: "blind", head, hidden: "right" }],
    ...(top === null
      ? []
      : [
          [`Hide its top patch, (${top.join(",")})`, { kind: "blind", head, hidden: top }] as const,
        ]),
  ];
}

/** The patch that the chosen head looks at most, from where the answer is read; the next one once that is hidden. */
function topPatch(page: PageState, { model, edited }: Causes): readonly [number, number] | null {
  const { tokens } = model;
  const row = attentionRow(
    headPattern(edited.pattern, model, page.selected.value),
    tokens,
    tokens.cls ?? page.query.value,
  );
  const [most = 0] = strongestKeys(row, tokens.patches, 1);
  return patchPosition(tokens, most);
}
