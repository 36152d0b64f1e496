// Which tokens an embedding hook holds: the embeddings come in parts, everything else has the whole sequence.
import type { Tokens } from "@prisma/hooks";

/** An embedding of some of the tokens. */
export type EmbeddingHook = "hook_embed" | "hook_cls_embed" | "hook_dist_embed" | "hook_reg_embed";

const TOKENS_OF: Readonly<Record<EmbeddingHook, (tokens: Tokens) => readonly number[]>> = {
  hook_embed: ({ patches }) => patches,
  hook_cls_embed: ({ cls }) => (cls === null ? [] : [cls]),
  hook_dist_embed: ({ distillation = null }) => (distillation === null ? [] : [distillation]),
  hook_reg_embed: ({ registers }) => registers,
};

/** Positions that `hook` holds, in order. */
export function embeddedTokens(hook: EmbeddingHook, tokens: Tokens): readonly number[] {
  return TOKENS_OF[hook](tokens);
}

/** True for an embedding of some of the tokens. */
export function isEmbeddingHook(name: string): name is EmbeddingHook {
  return Object.hasOwn(TOKENS_OF, name);
}
