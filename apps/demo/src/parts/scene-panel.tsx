// What the model sees: the scene, the choice of its garments, or a picture of the visitor's own.
import { patchPosition, pixelImage } from "@prisma/viz";
import type { PixelImageData } from "@prisma/viz";
import { useCallback, useState } from "preact/hooks";
import { garmentClasses } from "../class-sign.ts";
import type { Side } from "../compose-scene.ts";
import type { Engine } from "../engine.ts";
import type { PageState, SceneReading } from "../page-state.ts";
import type { GarmentScene, OwnPicture } from "../scene.ts";
import { FigureView } from "./figure-view.tsx";
import { GarmentPicker } from "./garment-picker.tsx";
import { PictureChooser } from "./picture-chooser.tsx";

const sides: readonly Side[] = ["left", "right"];

/** The picture, and every way to change it. */
export function ScenePanel({ page }: { page: PageState }) {
  return (
    <section class="panel scene" aria-labelledby="scene-title">
      <h2 id="scene-title">What does the model see?</h2>
      <SceneImage page={page} />
      {page.scene.value.kind === "garments" ? (
        <GarmentChoice page={page} scene={page.scene.value} />
      ) : (
        <OwnPictureNote
          scene={page.scene.value}
          reading={page.reading.value}
          shipped={page.models.isShipped}
        />
      )}
      <PictureChooser page={page} />
      {page.sceneError.value !== null && (
        <p class="error" role="alert">
          {page.sceneError.value}{" "}
          {page.reading.value === null && (
            <button type="button" class="link" onClick={() => void page.retry()}>
              Try again
            </button>
          )}
        </p>
      )}
    </section>
  );
}

/** Under each half of the picture: its garment, and whether it is the brighter one. */
function GarmentChoice({ page, scene }: { page: PageState; scene: GarmentScene }) {
  const [picking, setPicking] = useState<Side | null>(null);
  return (
    <fieldset class="sides" aria-label="The two garments" disabled={page.wardrobe.value === null}>
      {sides.map((side) => (
        <div class="side" key={side}>
          <button
            type="button"
            class="pick"
            aria-haspopup="dialog"
            aria-label={`${garmentName(page, scene[side])} change: the ${side} garment`}
            onClick={() => setPicking(side)}
          >
            <span>{garmentName(page, scene[side])}</span>
            <span class="small quiet">change</span>
          </button>
          <label class="brighter">
            <input
              type="radio"
              name="brighter"
              value={side}
              aria-label={`The ${side} garment is brighter`}
              checked={scene.brighter === side}
              onChange={() => void page.compose({ brighter: side })}
            />
            <span>brighter</span>
          </label>
        </div>
      ))}
      {picking !== null && (
        <GarmentPicker page={page} side={picking} onClose={() => setPicking(null)} />
      )}
    </fieldset>
  );
}

/** What happened to a picture of the visitor's own on its way into the model. */
function OwnPictureNote(props: {
  scene: OwnPicture;
  reading: SceneReading | null;
  shipped: boolean;
}) {
  const { scene, reading, shipped } = props;
  const [height = 0, width = 0] = reading?.picture.shape ?? [];
  return (
    <p class="own small">
      <span class="file">{scene.name}</span>
      {reading?.scene === scene
        ? `, as the model sees it: ${width} \u00d7 ${height} pixels. The picture stays on this device and is not part of the link. `
        : ": reading\u2026 "}
      {shipped &&
        "The model knows nothing but scenes of two garments; it will name one whatever it is shown."}
    </p>
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
  const label =
    scene.kind === "picture"
      ? `${scene.name}, as the model sees it`
      : `Left ${garmentName(page, scene.left)}, right ${garmentName(page, scene.right)}; the ${scene.brighter} one is brighter`;
  return {
    ...picture,
    label,
    grid: tokens.grid,
    marked: page.hovered.value === null ? null : patchPosition(tokens, page.hovered.value),
  };
}

function garmentName(page: PageState, index: number): string {
  const label = page.wardrobe.value?.garments[index]?.label ?? -1;
  return garmentClasses[label] ?? "\u2026";
}

function tokenAt(engine: Engine | null, [row, column]: readonly [number, number]): number | null {
  if (engine === null) return null;
  const { patches, grid } = engine.model.tokens;
  return patches[row * grid[1] + column] ?? null;
}
