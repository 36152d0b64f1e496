// Keys that knockouts leave: a softmax over nothing has no value, so every query keeps one.
import { PrismaError } from "@prisma/tensor";
import type { CheckedEdit } from "./edit-check.ts";

const includes = (list: readonly number[] | null, at: number): boolean =>
  list?.includes(at) ?? true;

/** `list`, or all places of an axis of `size`. */
function placesAlong(list: readonly number[] | null, size: number): readonly number[] {
  return list ?? Array.from({ length: size }, (_, place) => place);
}

/** Whether all keys are cut for some head, query and image. */
function cutsAllKeys(edits: readonly CheckedEdit[]): boolean {
  // -1 stands for images that no edit names.
  const tried = new Set([-1, ...edits.flatMap(({ images }) => images ?? [])]);
  return [...tried].some((image) => {
    const here = edits.filter(({ images }) => includes(images, image));
    return here.some((edit) => blindsQuery(edit, here));
  });
}

/** Whether `edits` together leave a query of a head of `edit` without keys. */
function blindsQuery(edit: CheckedEdit, edits: readonly CheckedEdit[]): boolean {
  const { shape, order } = edit.axes;
  return placesAlong(edit.heads, shape[edit.axes.heads ?? 0] ?? 0).some((head) =>
    placesAlong(edit.positions, order.length).some((query) => {
      const meant = edits.filter((it) => includes(it.heads, head) && includes(it.positions, query));
      return new Set(meant.flatMap(({ keys }) => keys ?? [])).size === order.length;
    }),
  );
}

/** @throws PrismaError ARGUMENT_INVALID when knockouts among `edits` leave a query nothing to look at */
export function assertKeysLeft(edits: readonly CheckedEdit[]): void {
  const knockouts = edits.filter(({ kind }) => kind === "knockout");
  for (const name of new Set(knockouts.map((edit) => edit.name))) {
    if (!cutsAllKeys(knockouts.filter((edit) => edit.name === name))) continue;
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `edits of ${name}: a query may look at nothing any more; leave it one key at least`,
      { name },
    );
  }
}
