// A dialog that opens another model: the shipped one, one of the Hugging Face Hub, or a folder.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  folderModel,
  hubModel,
  modelName,
  shippedModel,
  type ModelChoice,
} from "../model-choice.ts";
import type { Loading } from "../model-state.ts";
import type { PageState } from "../page-state.ts";

interface Choosing {
  readonly page: PageState;
  readonly choose: (choice: ModelChoice) => void;
}

/** Three ways to a model, and how far the chosen one is. Closes once it is there. */
export function ModelDialog({ page, onClose }: { page: PageState; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const choose = (choice: ModelChoice): void => {
    void page.useModel(choice).then((done) => {
      if (done) dialog.current?.close();
    });
  };
  const loading = page.models.loading.value;
  const error = page.models.error.value;
  return (
    <dialog
      ref={dialog}
      class="picker model-dialog"
      aria-labelledby="model-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <header>
        <h2 id="model-title">Which model?</h2>
        <button type="button" class="link" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <fieldset class="ways" disabled={loading !== null}>
        <HubForm page={page} choose={choose} />
        <FolderForm page={page} choose={choose} />
        {!page.models.isShipped && (
          <div class="way">
            <button type="button" class="link" onClick={() => choose(shippedModel)}>
              Back to {modelName(shippedModel)}
            </button>
          </div>
        )}
      </fieldset>
      <div class="load-line" aria-live="polite">
        {loading !== null && <Progress page={page} loading={loading} />}
        {error !== null && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
      </div>
    </dialog>
  );
}

function HubForm({ page, choose }: Choosing) {
  const [refused, setRefused] = useState(false);
  const choice = page.models.choice.value;
  return (
    <form
      class="way"
      onSubmit={(event) => {
        event.preventDefault();
        const asked = hubModel(String(new FormData(event.currentTarget).get("id") ?? ""));
        setRefused(asked === null);
        if (asked !== null) choose(asked);
      }}
    >
      <label for="hub-id">From the Hugging Face Hub</label>
      <div class="field">
        <input
          id="hub-id"
          name="id"
          type="text"
          placeholder="owner/name"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="hub-note"
          defaultValue={choice.kind === "hub" ? choice.id : ""}
        />
        <button type="submit" class="action">
          Load
        </button>
      </div>
      <p id="hub-note" class="small quiet">
        {refused ? (
          <span class="error">A model on the Hub is named owner/name, or owner/name@revision.</span>
        ) : (
          "A vision transformer: timm, ViT, DeiT, DINOv2, CLIP, SigLIP. Downloaded from huggingface.co."
        )}
      </p>
    </form>
  );
}

function FolderForm({ choose }: Choosing) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="way">
      <span>From a folder on this computer</span>
      <div class="field">
        <button type="button" class="action secondary" onClick={() => input.current?.click()}>
          Choose a folder
        </button>
        <span class="small quiet">or drop one on the page</span>
      </div>
      <p class="small quiet">
        With config.json and the weights beside it. Nothing of it leaves this computer.
      </p>
      <input
        ref={(element) => {
          input.current = element;
          // Not among the attributes that JSX knows.
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        aria-label="Choose a folder"
        hidden
        onChange={(event) => {
          const choice = folderModel(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
          if (choice !== null) choose(choice);
        }}
      />
    </div>
  );
}

const MEGABYTE = 1e6;

/** A bar that fills as bytes arrive, and the way out. */
function Progress({ page, loading }: { page: PageState; loading: Loading }) {
  const { choice, progress } = loading;
  const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  return (
    <>
      <progress
        aria-label={`Loading ${modelName(choice)}`}
        {...(progress === null ? {} : { value: progress.loaded, max: progress.total })}
      />
      <p class="small quiet">
        {progress === null
          ? "Asking what there is\u2026"
          : `${megabytes(progress.loaded)} of ${megabytes(progress.total)} MB of weights`}{" "}
        <button type="button" class="link small" onClick={() => page.models.cancel()}>
          Cancel
        </button>
      </p>
    </>
  );
}
