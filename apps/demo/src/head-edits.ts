// Edits of heads that a visitor can make, as plain data: what the page lists, undoes and puts into its link.
import type { HeadIndex } from "@prisma/viz";
import type { Side } from "./compose-scene.ts";

/** What a head may not look at: one half of the picture, or one patch by row and column. */
export type Hidden = Side | readonly [row: number, column: number];

/** What is done to a head: its output becomes the mean, or that of the second picture, or it may not look at a part. */
export type HeadEdit =
  | { readonly kind: "cut"; readonly head: HeadIndex }
  | { readonly kind: "patch"; readonly head: HeadIndex }
  | { readonly kind: "blind"; readonly head: HeadIndex; readonly hidden: Hidden };

/** A head's short name, `L0H3`. */
export function headName({ layer, head }: HeadIndex): string {
  return `L${layer}H${head}`;
}

/** An edit as it stands in a link: `L0H3-cut`, `L0H3-blind-left`, `L0H3-blind-2.7`. */
export function editKey(edit: HeadEdit): string {
  const name = `${headName(edit.head)}-${edit.kind}`;
  if (edit.kind !== "blind") return name;
  return `${name}-${typeof edit.hidden === "string" ? edit.hidden : edit.hidden.join(".")}`;
}

/** An edit in words. */
export function editWords(edit: HeadEdit): string {
  const name = headName(edit.head);
  if (edit.kind === "cut") return `${name} is cut: it writes its mean`;
  if (edit.kind === "patch") return `${name} writes what it writes for the second picture`;
  const { hidden } = edit;
  const part = typeof hidden === "string" ? `the ${hidden} half` : `(${hidden.join(",")})`;
  return `${name} may not look at ${part}`;
}

/** The list with `edit` added, or without it when it is there; a head is cut or patched, not both. */
export function toggleEdit(edits: readonly HeadEdit[], edit: HeadEdit): readonly HeadEdit[] {
  const key = editKey(edit);
  if (edits.some((one) => editKey(one) === key)) return edits.filter((one) => editKey(one) !== key);
  const excludes = (one: HeadEdit): boolean =>
    headName(one.head) === headName(edit.head) && one.kind !== "blind" && edit.kind !== "blind";
  return [...edits.filter((one) => !excludes(one)), edit];
}

/** What edits are checked against. */
export interface EditLimits {
  readonly layers: number;
  readonly heads: number;
  readonly grid: readonly [rows: number, columns: number];
}

/** The edits of a link's text, comma by comma; undefined when one of them is none. */
export function parseEdits(text: string, limits: EditLimits): readonly HeadEdit[] | undefined {
  const edits = text.split(",").map((part) => parseEdit(part, limits));
  const found = edits.filter((edit) => edit !== undefined);
  const keys = new Set(found.map(editKey));
  return found.length === edits.length && keys.size === found.length ? found : undefined;
}

function parseEdit(text: string, { layers, heads, grid }: EditLimits): HeadEdit | undefined {
  const match =
    /^L(\d{1,3})H(\d{1,3})-(?:(cut|patch)|blind-(left|right)|blind-(\d{1,3})\.(\d{1,3}))$/.exec(
      text,
    );
  if (match === null) return undefined;
  const head = { layer: Number(match[1]), head: Number(match[2]) };
  if (head.layer >= layers || head.head >= heads) return undefined;
  const [, , , kind, side] = match;
  if (kind === "cut" || kind === "patch") return { kind, head };
  if (side === "left" || side === "right") return { kind: "blind", head, hidden: side };
  const [row, column] = [Number(match[5]), Number(match[6])];
  return row < grid[0] && column < grid[1]
    ? { kind: "blind", head, hidden: [row, column] }
    : undefined;
}
