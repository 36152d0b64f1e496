// A dialog with every shipped garment, one row a class, walked by pointer or arrow keys.
import { useLayoutEffect, useRef } from "preact/hooks";
import { garmentClasses } from "../class-sign.ts";
import type { Side } from "../compose-scene.ts";
import type { PageState } from "../page-state.ts";

/** Chooses the garment of one side and closes. */
export function GarmentPicker(props: { page: PageState; side: Side; onClose: () => void }) {
  const { page, side, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
  }, []);
  const scene = page.scene.value;
  const current = scene.kind === "garments" ? scene[side] : -1;
  const pick = (index: number): void => {
    void page.compose({ [side]: index });
    dialog.current?.close();
  };
  return (
    <dialog
      ref={dialog}
      class="picker"
      aria-labelledby="picker-title"
      onClose={onClose}
      onClick={closeOutside}
    >
      <header>
        <h2 id="picker-title">Which garment stands on the {side}?</h2>
        <button type="button" class="link" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <div class="shelves" onKeyDown={walk}>
        {shelves(page).map(([label, indices]) => (
          <div class="shelf" role="group" aria-label={label} key={label}>
            <span class="small quiet" aria-hidden="true">
              {label}
            </span>
            {indices.map((index, place) => (
              <button
                type="button"
                key={index}
                aria-pressed={index === current}
                aria-label={`${label} ${place + 1}`}
                onClick={() => pick(index)}
              >
                <img
                  src={page.wardrobe.value?.url(index) ?? ""}
                  alt=""
                  width={40}
                  height={40}
                  loading="lazy"
                />
              </button>
            ))}
          </div>
        ))}
      </div>
    </dialog>
  );
}

/** A click on the backdrop reaches the dialog itself; one inside reaches what lies in it. */
function closeOutside(event: MouseEvent & { currentTarget: HTMLDialogElement }): void {
  if (event.target === event.currentTarget) event.currentTarget.close();
}

/** Garment numbers by class, in the model's order of classes. */
function shelves(page: PageState): [label: string, indices: number[]][] {
  const garments = page.wardrobe.value?.garments ?? [];
  return garmentClasses.map((label, id) => [
    label,
    garments.flatMap((garment, index) => (garment.label === id ? [index] : [])),
  ]);
}

/** Arrow keys move to the nearest garment in their direction, however the shelves are wrapped. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    event.key
  ];
  if (step === undefined || !(event.target instanceof HTMLButtonElement)) return;
  event.preventDefault();
  const [dx = 0, dy = 0] = step;
  const from = event.target.getBoundingClientRect();
  let best: { button: HTMLElement; distance: number } | null = null;
  for (const button of event.currentTarget.querySelectorAll("button")) {
    const box = button.getBoundingClientRect();
    const along = (box.x - from.x) * dx + (box.y - from.y) * dy;
    const aside = Math.abs((box.x - from.x) * dy) + Math.abs((box.y - from.y) * dx);
    const distance = along + 4 * aside;
    if (along > 1 && (best === null || distance < best.distance)) best = { button, distance };
  }
  best?.button.focus();
}
