// Attention knockout: heads that may not look at given patches (Geva et al. 2023, arXiv 2304.14767).
import { blockHook } from "@prisma/hooks";
import { kindOf, PrismaError } from "@prisma/tensor";
import type { EditPosition, KnockoutEdit } from "./edit.ts";
import { checkEdits } from "./edit-hooks.ts";
import type { EditableModel } from "./editable-model.ts";

/** Whose looking at what {@link knockOutAttention} cuts. */
export interface KnockOutAttentionOptions {
  /** Layers, from 0. Default all. */
  readonly layers?: readonly number[];
  /** Heads, from 0, of each of these layers. Default all. */
  readonly heads?: readonly number[];
  /** Queries: the positions that look. */
  readonly from: readonly EditPosition[];
  /** Keys: the positions that they may not look at any more. */
  readonly to: readonly EditPosition[];
}

/** Nobody there and everybody are easily taken for each other: both sides have to be said, and none may be empty. */
function assertSome(lists: Readonly<Record<string, unknown>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (Array.isArray(list) && list.length > 0) continue;
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `knockOutAttention: ${name} is ${kindOf(list)}; expected a list of some`,
    );
  }
}

/**
 * Edits, one a layer, that set attention scores to -Infinity before the softmax: the queries `from` of these heads look
 * at everything but `to`, and what they would have looked at there goes to the rest in proportion.
 * @throws PrismaError INDEX_OUT_OF_RANGE; HOOK_UNKNOWN for a layer that is not there; ARGUMENT_INVALID for an empty list, and
 *   when a query is left with nothing to look at
 * @example
 * const blind = knockOutAttention(model, { layers: [0], heads: [3], from: ["cls"], to: [[1, 2], [1, 3]] });
 * blind[0]?.name; // "blocks.0.attn.hook_attn_scores"
 * using edits = await editHooks(model, blind);
 * model.runWithHooks(images, { hooks: edits.hooks }).shape; // [1, 10]
 */
export function knockOutAttention<Name extends string>(
  model: EditableModel<Name>,
  options: KnockOutAttentionOptions,
): KnockoutEdit[] {
  const { layers, heads, from, to } = options;
  assertSome({ layers: layers ?? [0], from, to });
  const all = Array.from({ length: model.layers }, (_, layer) => layer);
  const edits = (layers ?? all).map((layer): KnockoutEdit => {
    const name = blockHook(layer, "attn.hook_attn_scores");
    const part = { name, positions: from, keys: to, kind: "knockout" } as const;
    return heads === undefined ? part : { ...part, heads };
  });
  checkEdits(model, edits);
  return edits;
}
