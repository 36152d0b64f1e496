// The button that names the model, and the dialog in which another one is chosen.
import { useState } from "preact/hooks";
import { modelName } from "../model-choice.ts";
import type { PageState } from "../page-state.ts";
import { ModelDialog } from "./model-dialog.tsx";

/** Opens the dialog. */
export function ModelSwitch({ page }: { page: PageState }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="model-button"
        aria-haspopup="dialog"
        disabled={page.engine.value === null}
        onClick={() => setOpen(true)}
      >
        <span class="small quiet">Model</span>
        <span class="model-name">{modelName(page.models.choice.value)}</span>
      </button>
      {open && <ModelDialog page={page} onClose={() => setOpen(false)} />}
    </>
  );
}
