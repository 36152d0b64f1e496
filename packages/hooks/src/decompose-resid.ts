// The residual stream as a sum: embeddings in parts, then what each block adds.
import type { Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { applyLn } from "./apply-ln.ts";
import {
  atPositions,
  blockCount,
  keptActivation,
  type LabelledRow,
  type LabelledStack,
} from "./cache-view.ts";
import type { PositionSlice } from "./position-slice.ts";
import { stackRows } from "./stack-rows.ts";
import type { Tokens } from "./tokens.ts";

/** What of the residual stream, and where. */
export interface ResidOptions {
  /** Blocks that count; left out or -1: all. */
  readonly layer?: number;
  /** The stream before the MLP of block `layer` instead of before its attention. */
  readonly mlpInput?: boolean;
  /** Rows over the scale of the norm that reads them. */
  readonly applyLn?: boolean;
  /** Positions of the result. */
  readonly posSlice?: PositionSlice;
}

/** Which summands. */
export interface DecomposeResidOptions extends ResidOptions {
  /** Only what attention or only what MLPs add. */
  readonly mode?: "all" | "attn" | "mlp";
  /** Whether embeddings are summands. */
  readonly inclEmbeds?: boolean;
}

const DOING = "decomposeResid";

const EMBEDDED = [
  ["embed", ({ patches }: Tokens) => patches],
  ["cls_embed", ({ cls }: Tokens) => (cls === null ? [] : [cls])],
  [
    "dist_embed",
    ({ distillation = null }: Tokens) => (distillation === null ? [] : [distillation]),
  ],
  ["reg_embed", ({ registers }: Tokens) => registers],
] as const;

/** `x` [..., n, D] at tokens `first` and on, zero at all others. [..., P, D] */
function padToTokens(x: Tensor, first: number, tokens: number): Tensor {
  const kept = x.shape.at(-2) ?? 0;
  const before = Array.from({ length: x.rank - 2 }, () => [0, 0] as const);
  return x.pad([...before, [first, tokens - first - kept], [0, 0]]);
}

function addedEmbeddings(cache: ActivationCache): LabelledRow[] {
  const positions = keptActivation(cache, "hook_pos_embed", DOING);
  const tokens = positions.shape.at(-2) ?? 0;
  const parts = EMBEDDED.flatMap(([label, where]): LabelledRow[] => {
    const [first] = where(cache.model.tokens);
    if (first === undefined) return [];
    return [[label, padToTokens(keptActivation(cache, `hook_${label}`, DOING), first, tokens)]];
  });
  return [...parts, ["pos_embed", positions]];
}

/**
 * Embeddings in parts. With a norm before the blocks its scale is held still, so that they still sum; its bias is a part.
 * @throws PrismaError HOOK_UNKNOWN naming the hook to keep
 */
export function embeddingRows(cache: ActivationCache): LabelledRow[] {
  const parts = addedEmbeddings(cache);
  const { hookNames, parameters } = cache.model;
  if (!hookNames.includes("ln_pre.hook_scale")) return parts;
  const scale = keptActivation(cache, "ln_pre.hook_scale", DOING);
  const [weight, bias] = [parameters.get("ln_pre.w"), parameters.get("ln_pre.b")];
  const normed = parts.map(([label, row]): LabelledRow => {
    const unit = row.sub(row.mean(-1, { keepDims: true })).div(scale);
    return [label, weight === undefined ? unit : unit.mul(weight)];
  });
  const [[, first] = []] = parts;
  if (bias === undefined || first === undefined) return normed;
  return [...normed, ["ln_pre_bias", bias.expand(first.shape)]];
}

/** What attention and MLPs of the first `count` blocks add, as `mode` says. */
export function blockRows(
  cache: ActivationCache,
  count: number,
  { mode = "all", mlpInput = false }: DecomposeResidOptions,
): LabelledRow[] {
  const { layers, hookNames } = cache.model;
  const half = mlpInput && count < layers ? 1 : 0;
  return Array.from({ length: count + half }, (_, layer) => layer).flatMap((layer) => {
    const parts = [
      ...(mode === "mlp" ? [] : ["attn_out"]),
      ...(mode === "attn" || layer === count ? [] : ["mlp_out"]),
    ].filter((part) => hookNames.includes(`blocks.${layer}.hook_${part}`));
    return parts.map((part): LabelledRow => [
      `${layer}_${part}`,
      keptActivation(cache, `blocks.${layer}.hook_${part}`, DOING),
    ]);
  });
}

/** Cuts stacked rows `[N, ..., P, D]` to the positions asked for, and holds a norm's scale still, as options say. */
export function finishStack(
  cache: ActivationCache,
  { values, labels }: LabelledStack,
  {
    doing,
    recomputeLn = false,
    ...options
  }: ResidOptions & { readonly doing: string; readonly recomputeLn?: boolean },
): LabelledStack {
  const { posSlice: slice, applyLn: norm = false } = options;
  const cut = atPositions(cache, values, { slice, axis: -2, doing });
  return { values: norm ? applyLn(cache, cut, { ...options, recomputeLn }) : cut, labels };
}

/** Summands of the residual stream before block `layer`. `[N, ..., P, D]` */
export function decomposeResid(
  cache: ActivationCache,
  options: DecomposeResidOptions,
): LabelledStack {
  const count = blockCount(cache, options.layer, DOING);
  const embeds = options.inclEmbeds === false ? [] : embeddingRows(cache);
  const rows = [...embeds, ...blockRows(cache, count, options)];
  return finishStack(cache, stackRows(rows, DOING), { ...options, doing: DOING });
}
