// Edits of heads that a visitor can make, as plain data: what the page lists, undoes and puts into its link.
import type { HeadIndex } from "@prisma/viz";
import type { Side } from "./compose-scene.ts";

/** What is done to a head: its output becomes the mean, or that of the second picture, or it may not look at one half. */
export type HeadEdit =
  | { readonly kind: "cut"; readonly head: HeadIndex }
  | { readonly kind: "patch"; readonly head: HeadIndex }
  | { readonly kind: "blind"; readonly head: HeadIndex; readonly side: Side };

/** A head's short name, `L0H3`. */
export function headName({ layer, head }: HeadIndex): string {
  return `L${layer}H${head}`;
}

/** An edit as it stands in a link: `L0H3-cut`, `L0H3-blind-left`. */
export function editKey(edit: HeadEdit): string {
  const side = edit.kind === "blind" ? `-${edit.side}` : "";
  return `${headName(edit.head)}-${edit.kind}${side}`;
}

/** An edit in words. */
export function editWords(edit: HeadEdit): string {
  const name = headName(edit.head);
  if (edit.kind === "cut") return `${name} is cut: it writes its mean`;
  if (edit.kind === "patch") return `${name} writes what it writes for the second picture`;
  return `${name} may not look at the ${edit.side} half`;
}

/** The list with `edit` added, or without it when it is there; a head is cut or patched, not both. */
export function toggleEdit(edits: readonly HeadEdit[], edit: HeadEdit): readonly HeadEdit[] {
  const key = editKey(edit);
  if (edits.some((one) => editKey(one) === key)) return edits.filter((one) => editKey(one) !== key);
  const excludes = (one: HeadEdit): boolean =>
    headName(one.head) === headName(edit.head) && one.kind !== "blind" && edit.kind !== "blind";
  return [...edits.filter((one) => !excludes(one)), edit];
}

/** The edits of a link's text, comma by comma; undefined when one of them is none. */
export function parseEdits(
  text: string,
  model: { readonly layers: number; readonly heads: number },
): readonly HeadEdit[] | undefined {
  const edits = text.split(",").map((part) => parseEdit(part, model));
  const found = edits.filter((edit) => edit !== undefined);
  const keys = new Set(found.map(editKey));
  return found.length === edits.length && keys.size === found.length ? found : undefined;
}

function parseEdit(
  text: string,
  { layers, heads }: { readonly layers: number; readonly heads: number },
): HeadEdit | undefined {
  const match = /^L(\d{1,3})H(\d{1,3})-(?:(cut|patch)|blind-(left|right))$/.exec(text);
  if (match === null) return undefined;
  const head = { layer: Number(match[1]), head: Number(match[2]) };
  if (head.layer >= layers || head.head >= heads) return undefined;
  const [, , , kind, side] = match;
  if (kind === "cut" || kind === "patch") return { kind, head };
  return side === "left" || side === "right" ? { kind: "blind", head, side } : undefined;
}
