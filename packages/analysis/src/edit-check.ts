// Edits made certain: every field known, every name, head and position of the model's, before anything runs.
import { kindOf, PrismaError, quoteName } from "@prisma/tensor";
import type { Edit, EditKind } from "./edit.ts";
import { editAxes, type EditAxes } from "./edit-axes.ts";
import { positionPlaces } from "./edit-positions.ts";
import type { EditableModel } from "./editable-model.ts";

/** An edit with its places worked out; null means all. */
export interface CheckedEdit<Name extends string = string> {
  readonly name: Name;
  readonly kind: EditKind;
  readonly source: string | number | null;
  readonly axes: EditAxes;
  readonly heads: readonly number[] | null;
  readonly positions: readonly number[] | null;
  readonly images: readonly number[] | null;
  /** Places that may not be looked at; only of a knockout. */
  readonly keys: readonly number[] | null;
}

/** What each kind takes beside name, heads, positions and images. */
const FIELDS: Readonly<Record<EditKind, readonly string[]>> = {
  mean: [],
  zero: [],
  resample: ["source"],
  from: ["source"],
  knockout: ["keys"],
};
const SHARED = ["name", "kind", "heads", "positions", "images"];
const LISTS = ["heads", "positions", "images", "keys"];
const SCORES = /\.attn\.hook_attn_scores$/;

function isKind(kind: unknown): kind is EditKind {
  return typeof kind === "string" && Object.hasOwn(FIELDS, kind);
}

function invalid(doing: string, problem: string, details = {}): PrismaError {
  return new PrismaError("ARGUMENT_INVALID", `${doing}: ${problem}`, details);
}

/** @throws PrismaError ARGUMENT_INVALID for what is no edit at all: edits come from links too */
export function assertEdit(edit: unknown, doing: string): void {
  const isEdit = typeof edit === "object" && edit !== null && !Array.isArray(edit);
  if (isEdit && "name" in edit && typeof edit.name === "string") return;
  throw invalid(doing, `an edit is ${kindOf(edit)}; expected an object with the name of a hook`);
}

/** A field that nobody reads, a misspelt `heads` for one, would turn into another edit unseen. */
function checkFields(edit: Edit, doing: string): EditKind {
  const { kind = "mean" } = edit;
  if (!isKind(kind)) {
    throw invalid(doing, `there is no kind ${JSON.stringify(kind)} of edit`, {
      kinds: Object.keys(FIELDS),
    });
  }
  const known = [...SHARED, ...FIELDS[kind]];
  const unknown = Object.keys(edit).find((field) => !known.includes(field));
  if (unknown !== undefined)
    throw invalid(doing, `an edit of kind ${kind} has no ${quoteName(unknown)}`, { known });
  for (const [field, value] of Object.entries(edit)) {
    const isList = Array.isArray(value) && value.length > 0;
    if (LISTS.includes(field) && value !== undefined && !isList)
      throw invalid(doing, `${field} is ${kindOf(value)}; leave it out, or give a list of some`);
  }
  return kind;
}

function checkSource(edit: Edit, doing: string): string | number | null {
  if (edit.kind === "resample") {
    if (Number.isInteger(edit.source) && edit.source >= 0) return edit.source;
    throw invalid(doing, "resample needs source: the place of an image in the reference set");
  }
  if (edit.kind !== "from") return null;
  if (typeof edit.source === "string") return edit.source;
  throw invalid(doing, `from needs source: the name of one; found ${kindOf(edit.source)}`);
}

function checkRange(list: readonly number[], size: number, what: string, doing: string): void {
  const wrong = list.find((at) => !Number.isInteger(at) || at < 0 || at >= size);
  if (wrong === undefined) return;
  throw new PrismaError(
    "INDEX_OUT_OF_RANGE",
    `${doing}: there is no ${what} ${wrong}; they are whole numbers from 0${size === Infinity ? "" : ` to ${size - 1}`}`,
    { [what]: wrong },
  );
}

function checkHeads(edit: Edit, axes: EditAxes, doing: string): readonly number[] | null {
  if (edit.heads === undefined) return null;
  if (axes.heads === null) throw invalid(doing, "this activation has no axis of heads");
  checkRange(edit.heads, axes.shape[axes.heads] ?? 0, "head", doing);
  return edit.heads;
}

/**
 * `edit` of `model`, checked.
 * @throws PrismaError HOOK_UNKNOWN; ARGUMENT_INVALID for what is no edit, an unknown kind or field, an empty list, heads or
 *   positions of an activation that has none, a knockout without keys; INDEX_OUT_OF_RANGE for a head, position or image that is not there
 */
export function checkEdit<Name extends string>(
  model: EditableModel<Name>,
  edit: Edit,
): CheckedEdit<Name> {
  assertEdit(edit, "edit");
  const kind = checkFields(edit, "edit");
  // The model says at once whether it has a point of that name.
  const { name } = model.hookPoint(edit.name as Name);
  const doing = `edit of ${name}`;
  const axes = editAxes(model, name);
  checkRange(edit.images ?? [], Infinity, "image", doing);
  if (edit.positions !== undefined && axes.positions === null)
    throw invalid(doing, "this activation has no axis of positions");
  if (edit.kind === "knockout" && edit.keys === undefined)
    throw invalid(doing, "a knockout needs keys: the positions that may not be looked at");
  if (edit.kind === "knockout" && !SCORES.test(name))
    throw invalid(doing, "only attn.hook_attn_scores can have keys knocked out");
  const places = { tokens: model.tokens, order: axes.order, doing };
  return {
    name,
    kind,
    axes,
    source: checkSource(edit, doing),
    heads: checkHeads(edit, axes, doing),
    positions: edit.positions === undefined ? null : positionPlaces(edit.positions, places),
    images: edit.images ?? null,
    keys: edit.kind === "knockout" ? positionPlaces(edit.keys, places) : null,
  };
}
