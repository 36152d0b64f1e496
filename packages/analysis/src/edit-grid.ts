// Edits over a grid of layers, heads and positions, with the axes of what they give.
import { blockHook, tokenLabels, type BlockHook } from "@prisma/hooks";
import type { Edit, EditedPart } from "./edit.ts";
import { editAxes } from "./edit-axes.ts";
import type { EditableModel } from "./editable-model.ts";
import type { Axis } from "./result.ts";

/** What a grid tells apart within a layer. */
export type GridAxis = "head" | "position";

/** Edits made together, for each place of `axes`, row-major. */
export interface EditGrid {
  readonly axes: readonly Axis[];
  readonly cells: readonly (readonly Edit[])[];
}

const numbered = (name: string, size: number): Axis => ({
  name,
  labels: Array.from({ length: size }, (_, i) => String(i)),
});

/** Every part with each place on one more axis. */
function split(parts: readonly EditedPart[], by: GridAxis, size: number): EditedPart[] {
  const field = by === "head" ? "heads" : "positions";
  return parts.flatMap((part) =>
    Array.from({ length: size }, (_, place) => ({ ...part, [field]: [place] })),
  );
}

/**
 * The edits that `make` makes of the activation `hook` of every layer: as a whole, or of each head, position or both.
 * @throws PrismaError HOOK_UNKNOWN when the model's blocks have no such activation
 */
export function editGrid<Name extends string>(
  model: EditableModel<Name>,
  { hook, by }: { hook: BlockHook; by: readonly GridAxis[] },
  make: (part: EditedPart) => Edit,
): EditGrid {
  const { shape, heads, order } = editAxes(model, blockHook(0, hook) as Name);
  const sizes = { head: shape[heads ?? 0] ?? 0, position: order.length };
  const labels = tokenLabels(model.tokens);
  const positions: Axis = { name: "position", labels: order.map((token) => labels[token] ?? "") };
  const axes = by.map((it) => (it === "head" ? numbered(it, sizes.head) : positions));
  const layers = Array.from({ length: model.layers }, (_, layer) => ({
    name: blockHook(layer, hook),
  }));
  const parts = by.reduce<EditedPart[]>((all, it) => split(all, it, sizes[it]), layers);
  return {
    axes: [numbered("layer", model.layers), ...axes],
    cells: parts.map((part) => [make(part)]),
  };
}
