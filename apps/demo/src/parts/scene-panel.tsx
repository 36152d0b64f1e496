// What the model sees: the scene, the choice of its garments, or a picture of the visitor's own.
import { pixelImage } from "@prisma/viz";
import type { PixelImageData } from "@prisma/viz";
import { useCallback, useRef, useState } from "preact/hooks";
import type { Side } from "../compose-scene.ts";
import type { Engine } from "../engine.ts";
import type { PageState, SceneReading } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";
import { GarmentPicker } from "./garment-picker.tsx";

const sides: readonly Side[] = ["left", "right"];

/** The picture, and every way to change it. */
export function ScenePanel({ page }: { page: PageState }) {
  const [picking, setPicking] = useState<Side | null>(null);
  const scene = page.scene.value;
  return (
    <section class="panel scene" aria-labelledby="scene-title">
      <h2 id="scene-title">What does the model see?</h2>
      <SceneImage page={page} />
      {scene.kind === "garments" ? (
        <fieldset
          class="sides"
          aria-label="The two garments"
          disabled={page.wardrobe.value === null}
        >
          {sides.map((side) => (
            <div class="side" key={side}>
              <button
                type="button"
                class="pick"
                aria-haspopup="dialog"
                onClick={() => setPicking(side)}
              >
                <span class="pick-label">{garmentName(page, scene[side])}</span>
                <span class="small quiet">change</span>
              </button>
              <label class="brighter">
                <input
                  type="radio"
                  name="brighter"
                  value={side}
                  checked={scene.brighter === side}
                  onChange={() => page.compose({ brighter: side })}
                />
                <span>brighter</span>
              </label>
            </div>
          ))}
        </fieldset>
      ) : (
        <p class="own small">
          {scene.name}, as the model sees it: grey, {pixelSize(page.reading.value)} pixels. It stays
          on this device and is not part of the link. The model knows only scenes of two garments.
        </p>
      )}
      <PictureChooser page={page} />
      {page.sceneError.value !== null && (
        <p class="error" role="alert">
          {page.sceneError.value}{" "}
          <button type="button" class="link" onClick={() => void page.retry()}>
            Try again
          </button>
        </p>
      )}
      {picking !== null && (
        <GarmentPicker page={page} side={picking} onClose={() => setPicking(null)} />
      )}
    </section>
  );
}

function SceneImage({ page }: { page: PageState }) {
  const reading = page.reading.value;
  const engine = page.engine.value;
  const create = useCallback(
    (data: PixelImageData) =>
      pixelImage(data, {
        onHover: (patch) => {
          page.hovered.value = patch === null ? null : tokenAt(page.engine.value, patch);
        },
      }),
    [page],
  );
  return (
    <div class="scene-image" data-busy={page.busy.value}>
      {reading !== null && engine !== null && (
        <FigureView create={create} data={imageData(page, engine, reading)} />
      )}
    </div>
  );
}

function imageData(
  page: PageState,
  engine: Engine,
  { picture, scene }: SceneReading,
): PixelImageData {
  const { tokens } = engine.model;
  const patch = (page.hovered.value ?? -1) - tokens.firstPatch;
  const inGrid = patch >= 0 && patch < tokens.grid[0] * tokens.grid[1];
  const label =
    scene.kind === "picture"
      ? `${scene.name}, as the model sees it`
      : `Left ${garmentName(page, scene.left)}, right ${garmentName(page, scene.right)}; the ${scene.brighter} one is brighter`;
  return {
    ...picture,
    label,
    grid: tokens.grid,
    marked: inGrid ? [Math.floor(patch / tokens.grid[1]), patch % tokens.grid[1]] : null,
  };
}

/** A button for a file, and a place to drop one. */
function PictureChooser({ page }: { page: PageState }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = (file: File | undefined): void => {
    if (file !== undefined) page.choose({ kind: "picture", file, name: file.name });
  };
  return (
    <div class="chooser">
      <button type="button" class="link" onClick={() => input.current?.click()}>
        Choose a picture
      </button>
      <span class="small quiet">or drop one on the page</span>
      {page.scene.value.kind === "picture" && (
        <button type="button" class="link" onClick={() => page.compose({})}>
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

function garmentName(page: PageState, index: number): string {
  const label = page.wardrobe.value?.garments[index]?.label ?? -1;
  return page.engine.value?.model.labels[label] ?? "\u2026";
}

function pixelSize(reading: SceneReading | null): string {
  const [height = 0, width = 0] = reading?.picture.shape ?? [];
  return `${width} \u00d7 ${height}`;
}

function tokenAt(engine: Engine | null, [row, column]: readonly [number, number]): number | null {
  if (engine === null) return null;
  const { firstPatch, grid } = engine.model.tokens;
  return firstPatch + row * grid[1] + column;
}
