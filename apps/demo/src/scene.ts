// The picture to be read: two shipped garments, or a picture of the visitor's own.
import { composeScene } from "./compose-scene.ts";
import type { GreyPicture, Side } from "./compose-scene.ts";
import type { Wardrobe } from "./garments.ts";
import type { SceneLayout } from "./hundred-scenes.ts";
import type { Question } from "./question.ts";

/** Two shipped garments by number, and which keeps its brightness. */
export interface GarmentScene {
  readonly kind: "garments";
  readonly left: number;
  readonly right: number;
  readonly brighter: Side;
}

/** A picture of the visitor's own. */
export interface OwnPicture {
  readonly kind: "picture";
  readonly file: Blob;
  readonly name: string;
}

/** The picture to be read. */
export type Scene = GarmentScene | OwnPicture;

/** What the model is given for a scene. */
export async function imageOf(scene: Scene, wardrobe: Wardrobe): Promise<Blob | GreyPicture> {
  return scene.kind === "picture" ? scene.file : await composed(scene, wardrobe);
}

/** Two garments of the wardrobe as one picture. */
export async function composed(
  scene: Omit<GarmentScene, "kind">,
  wardrobe: Wardrobe,
): Promise<GreyPicture> {
  const [left, right] = await Promise.all([
    wardrobe.pixels(scene.left),
    wardrobe.pixels(scene.right),
  ]);
  return composeScene(left, right, scene.brighter);
}

/** Classes of the garments in a scene, left to right; none are known of a visitor's own picture. */
export function garmentLabels(scene: Scene, { garments }: Wardrobe): number[] {
  if (scene.kind === "picture") return [];
  return [scene.left, scene.right].flatMap((at) => garments[at]?.label ?? []);
}

/** Where the class in question stands in a scene; for a visitor's own picture on the left, and brighter. */
export function layoutOf(scene: Scene, { of }: Question, wardrobe: Wardrobe): SceneLayout {
  if (scene.kind === "picture") return { side: "left", brighter: "left" };
  const [left, right] = garmentLabels(scene, wardrobe);
  const side = left === of ? "left" : right === of ? "right" : scene.brighter;
  return { side, brighter: scene.brighter };
}
