// The scene and the edit that the page opens on, chosen by scripts/choose-example.ts.
import type { Side } from "./compose-scene.ts";
import { editKey, parseEdits } from "./head-edits.ts";
import type { HeadEdit } from "./head-edits.ts";
import type { Scene } from "./scene.ts";
import found from "./worked-example.json";

/** A scene in which one head, patched from the scene without its brighter garment, turns the answer; and controls. */
export interface WorkedExample {
  /** Hash of the weights it holds for. */
  readonly weights: string;
  /** The shipped picture of the scene. */
  readonly file: string;
  readonly scene: {
    readonly kind: "garments";
    readonly left: number;
    readonly right: number;
    readonly brighter: Side;
  };
  /** As in a link. */
  readonly edit: string;
  /** Logit of the brighter garment's class minus that of the other's: as the model is, and with the edit. */
  readonly before: number;
  readonly after: number;
  /** The margin with the same patch of each head instead, `[layers, heads]`. */
  readonly otherHeads: readonly number[];
  /** The same head patched from other scenes without their brighter garments: how many, and how many turn the answer. */
  readonly otherSources: { readonly count: number; readonly turned: number };
}

/** The example that the page opens on. */
export const workedExample: WorkedExample = found as WorkedExample;

const anything = { layers: Infinity, heads: Infinity, grid: [Infinity, Infinity] } as const;
const [edit] = parseEdits(workedExample.edit, anything) ?? [];
if (edit === undefined) throw new Error(`worked-example.json: ${workedExample.edit} is no edit`);

/** The edit that turns its answer. */
export const exampleEdit: HeadEdit = edit;

/** Whether `scene` is the example's. */
export function isExample(scene: Scene): boolean {
  const { left, right, brighter } = workedExample.scene;
  return (
    scene.kind === "garments" &&
    scene.left === left &&
    scene.right === right &&
    scene.brighter === brighter
  );
}

/** Whether `edits` are the example's edit and nothing else. */
export function isExampleEdit(edits: readonly HeadEdit[]): boolean {
  return edits.map(editKey).join() === workedExample.edit;
}
