// Masks of edits: which elements of an activation are replaced, as a tensor, so that another head or position replays the plan.
import { PrismaError, tensor, type Shape, type Tensor } from "@prisma/tensor";
import type { CheckedEdit } from "./edit-check.ts";

/** Keys follow queries: [B, H, query, key]. */
const KEY_AXIS = 3;

/** Places of `edit` along `axis`, or null for all. */
function placesAlong(edit: CheckedEdit, axis: number): readonly number[] | null {
  if (axis === 0) return edit.images;
  if (axis === edit.axes.heads) return edit.heads;
  if (axis === edit.axes.positions) return edit.positions;
  return axis === KEY_AXIS ? edit.keys : null;
}

/** Whether a mask of `edits` tells the places on `axis` apart. Heads and positions always are, so that masks of one name have one shape. */
function isSpread(edits: readonly CheckedEdit[], axis: number): boolean {
  if (axis === 0) return edits.some((edit) => edit.images !== null);
  return edits.some(
    ({ axes, keys }) =>
      axis === axes.heads || axis === axes.positions || (axis === KEY_AXIS && keys !== null),
  );
}

/** Sets `mask` at every combination of places. */
function mark(mask: Uint8Array, shape: Shape, edit: CheckedEdit): void {
  const visit = (axis: number, at: number): void => {
    const size = shape[axis];
    if (size === undefined) {
      mask[at] = 1;
      return;
    }
    const places = size === 1 ? null : placesAlong(edit, axis);
    const all = places ?? Array.from({ length: size }, (_, place) => place);
    for (const place of all) visit(axis + 1, at * size + place);
  };
  visit(0, 0);
}

function checkImages({ name, images }: CheckedEdit, batch: number): void {
  const wrong = images?.find((image) => image >= batch);
  if (wrong === undefined) return;
  throw new PrismaError(
    "INDEX_OUT_OF_RANGE",
    `edit of ${name}: there is no image ${wrong} in a batch of ${batch}`,
    { image: wrong, batch },
  );
}

/**
 * Where `edits`, all of one activation, take effect: bool, of the rank of the activation, with size 1 along axes that make no difference.
 * @throws PrismaError INDEX_OUT_OF_RANGE for an image that the batch lacks
 */
export function editMask(edits: readonly CheckedEdit[], activation: Shape): Tensor {
  const [batch = 1] = activation;
  edits.forEach((edit) => checkImages(edit, batch));
  const shape = activation.map((size, axis) => (isSpread(edits, axis) ? size : 1));
  const mask = new Uint8Array(shape.reduce((product, size) => product * size, 1));
  edits.forEach((edit) => mark(mask, shape, edit));
  return tensor(mask, { shape, dtype: "bool" });
}
