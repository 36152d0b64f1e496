// A button that takes a picture of the visitor's own, and the way back to the garments.
import { useRef } from "preact/hooks";
import type { PageState } from "../page-state.ts";

/** Chooses a picture file; dropping one anywhere on the page does the same. */
export function PictureChooser({ page }: { page: PageState }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = (file: File | undefined): void => {
    if (file !== undefined) void page.choose({ kind: "picture", file, name: file.name });
  };
  return (
    <div class="chooser">
      <button type="button" class="link" onClick={() => input.current?.click()}>
        Choose a picture
      </button>
      {page.scene.value.kind === "garments" ? (
        <span class="small quiet">or drop one on the page</span>
      ) : (
        <button type="button" class="link" onClick={() => void page.compose({})}>
          Back to the garments
        </button>
      )}
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        aria-label="Choose a picture"
        hidden
        onChange={(event) => {
          choose(event.currentTarget.files?.[0]);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
