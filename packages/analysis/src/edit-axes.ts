// Which axes of an activation count heads and positions, by the grammar of hook names.
import type { Tokens } from "@prisma/hooks";
import type { Shape } from "@prisma/tensor";
import { embeddedTokens, isEmbeddingHook } from "./embedded-tokens.ts";
import type { EditableModel } from "./editable-model.ts";

/** Axes of one activation. */
export interface EditAxes {
  /** Shape of the activation for one image. */
  readonly shape: Shape;
  /** Axis of heads, or null. */
  readonly heads: number | null;
  /** Axis of positions, of queries where there are keys too; or null. */
  readonly positions: number | null;
  /** Tokens along the axis of positions, by their number in the sequence. */
  readonly order: readonly number[];
}

/** [B, P, H, ...] */
const PER_HEAD = /(\.attn|^attn_pool)\.hook_([qkvz]|result)$|\.(hook_attn_in|hook_[qkv]_input)$/;
/** [B, H, P, P] */
const PER_QUERY = /(\.attn|^attn_pool)\.hook_(attn_scores|pattern)$/;
/** Attention pooling has one query of its own, which is no token. */
const POOLED = /^attn_pool\.(?!hook_[kv]$)/;

const shapesOf = new WeakMap<object, ReadonlyMap<string, Shape>>();

/** Shapes of all activations for one image; worked out once per model. */
function hookShapes<Name extends string>(model: EditableModel<Name>): ReadonlyMap<string, Shape> {
  const known = shapesOf.get(model);
  if (known !== undefined) return known;
  const shapes = new Map<string, Shape>(model.hooksTable().map((row) => [row.name, row.shape]));
  shapesOf.set(model, shapes);
  return shapes;
}

function orderOf(name: string, length: number, tokens: Tokens): readonly number[] {
  if (isEmbeddingHook(name)) return embeddedTokens(name, tokens);
  return Array.from({ length }, (_, position) => position);
}

/**
 * Axes of the activation at `name`.
 * @throws PrismaError HOOK_UNKNOWN naming the nearest valid name
 */
export function editAxes<Name extends string>(model: EditableModel<Name>, name: Name): EditAxes {
  model.hookPoint(name);
  const shape = hookShapes(model).get(name) ?? [];
  // [B, D] and [B, C] are read out already.
  if (shape.length < 3) return { shape, heads: null, positions: null, order: [] };
  const perQuery = PER_QUERY.test(name);
  const positions = perQuery ? 2 : 1;
  const heads = perQuery ? 1 : PER_HEAD.test(name) ? 2 : null;
  if (POOLED.test(name)) return { shape, heads, positions: null, order: [] };
  return { shape, heads, positions, order: orderOf(name, shape[positions] ?? 0, model.tokens) };
}
