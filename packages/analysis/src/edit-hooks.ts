// Edits as hooks of one run.
import type { HookFunction, HookSpec } from "@prisma/hooks";
import { kindOf, PrismaError, where, type Tensor } from "@prisma/tensor";
import type { Edit } from "./edit.ts";
import { checkEdit, type CheckedEdit } from "./edit-check.ts";
import { assertKeysLeft } from "./edit-keys.ts";
import { editMask } from "./edit-mask.ts";
import { editValues, type EditSources, type EditValues } from "./edit-sources.ts";
import type { EditableModel } from "./editable-model.ts";

/** Hooks that make edits, for `runWithHooks` and `runWithCache`. Disposing them frees the runs made for their sources. */
export interface EditHooks<Name extends string> extends Disposable {
  readonly hooks: readonly HookSpec<Name>[];
  dispose(): void;
}

/** Edits of one activation in their order, those that follow each other and put in the same together. */
function groupEdits<Name extends string>(
  edits: readonly CheckedEdit<Name>[],
): readonly (readonly CheckedEdit<Name>[])[] {
  const groups: CheckedEdit<Name>[][] = [];
  for (const edit of edits) {
    const last = groups.at(-1);
    const [before] = last ?? [];
    if (last !== undefined && before?.kind === edit.kind && before.source === edit.source)
      last.push(edit);
    else groups.push([edit]);
  }
  return groups;
}

/** One hook per activation: where an edit's mask holds its value is taken. */
export function checkedEditHooks<Name extends string>(
  edits: readonly CheckedEdit<Name>[],
  values: Pick<EditValues<Name>, "of">,
): HookSpec<Name>[] {
  const names = new Set(edits.map(({ name }) => name));
  return [...names].map((name) => {
    const groups = groupEdits(edits.filter((edit) => edit.name === name));
    const edit: HookFunction<Name> = (activation) =>
      groups.reduce((current, group) => replace(current, group, values), activation);
    return [name, edit];
  });
}

function replace<Name extends string>(
  activation: Tensor,
  group: readonly CheckedEdit<Name>[],
  values: Pick<EditValues<Name>, "of">,
): Tensor {
  const [first] = group;
  if (first === undefined) return activation;
  return where(editMask(group, activation.shape), values.of(first), activation);
}

/**
 * `edits` of `model`, checked one by one and together.
 * @throws PrismaError as {@link checkEdit}; ARGUMENT_INVALID when a query would have nothing left to look at
 */
export function checkEdits<Name extends string>(
  model: EditableModel<Name>,
  edits: readonly Edit[],
): CheckedEdit<Name>[] {
  if (!Array.isArray(edits)) {
    throw new PrismaError("ARGUMENT_INVALID", `edits is ${kindOf(edits)}; expected a list`);
  }
  const checked = (edits as readonly Edit[]).map((edit) => checkEdit(model, edit));
  assertKeysLeft(checked);
  return checked;
}

/**
 * Hooks that make `edits`, in their order, in any run of `model`. An edit is plain data; what it puts in comes from
 * `sources`. Which heads, positions and images are meant goes in as a mask, so that others replay the same plan.
 * @throws PrismaError HOOK_UNKNOWN; ARGUMENT_INVALID for an unknown kind or field, an empty list, heads or positions of an
 *   activation without, a missing source, a query left without keys; INDEX_OUT_OF_RANGE; WEIGHTS_MISMATCH for a source of
 *   other weights
 * @example
 * using cut = await editHooks(model, [{ name: "blocks.3.attn.hook_z", heads: [2], kind: "zero" }]);
 * using logits = model.runWithHooks(images, { hooks: cut.hooks });
 * logits.shape; // [1, 10]
 */
export async function editHooks<Name extends string>(
  model: EditableModel<Name>,
  edits: readonly Edit[],
  sources: EditSources = {},
): Promise<EditHooks<Name>> {
  const checked = checkEdits(model, edits);
  const values = await editValues(model, checked, sources);
  const dispose = (): void => values.dispose();
  return { hooks: checkedEditHooks(checked, values), dispose, [Symbol.dispose]: dispose };
}
