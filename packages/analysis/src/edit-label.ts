// Edits in words, for labels and for what a result says of itself.
import type { Edit, EditPosition } from "./edit.ts";
import type { ReferenceSet } from "./reference-means.ts";

const positionText = (position: EditPosition): string =>
  typeof position === "object" ? `(${position[0]},${position[1]})` : String(position);

function listText(what: string, list: readonly EditPosition[] | undefined): readonly string[] {
  return list === undefined ? [] : [`${what} ${list.map(positionText).join(" ")}`];
}

/** `edit` in words: `mean of blocks.3.attn.hook_z, head 2, position cls`. */
export function editLabel(edit: Edit): string {
  const { kind = "mean", name, heads, positions, images } = edit;
  const source = "source" in edit ? ` ${edit.source}` : "";
  const parts = [
    ...listText("head", heads),
    ...listText("position", positions),
    ...listText("image", images),
    ...(edit.kind === "knockout" ? listText("keys", edit.keys) : []),
  ];
  return [`${kind}${source} of ${name}`, ...parts].join(", ");
}

/** What `edit` puts in, in words. */
export function replacementLabel(edit: Edit, reference: ReferenceSet | undefined): string {
  const set = reference?.description ?? "no reference set";
  switch (edit.kind) {
    case "zero":
      return "zero, which is off the model's distribution";
    case "resample":
      return `image ${edit.source} of ${set}`;
    case "from":
      return `the run ${edit.source}`;
    case "knockout":
      return "attention without the keys knocked out";
    default:
      return `mean over ${set}`;
  }
}
