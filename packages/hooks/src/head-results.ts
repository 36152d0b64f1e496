// What each attention head writes into the residual stream.
import { concat, einsum, PrismaError, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { blockCount, keptActivation, weightOfCache, type LabelledStack } from "./cache-view.ts";
import { finishStack, type ResidOptions } from "./decompose-resid.ts";

/** Which heads, and whether the rest of the stream is a row. */
export interface StackHeadOptions extends Omit<ResidOptions, "mlpInput"> {
  /** Last row `remainder`: the stream less all heads. */
  readonly inclRemainder?: boolean;
}

const DOING = "stackHeadResults";

/** Heads of one block, first axis. `[H, ..., P, D]` */
function headRows(cache: ActivationCache, layer: number): Tensor {
  const z = keptActivation(cache, `blocks.${layer}.attn.hook_z`, DOING); // [..., P, H, E]
  const weight = weightOfCache(cache, `blocks.${layer}.attn.W_O`, DOING); // [H, E, D]
  return einsum(cache.hasBatchDim ? "bphe,hed->hbpd" : "phe,hed->hpd", z, weight);
}

/** Heads of all blocks before `layer`. `[L * H, ..., P, D]` */
export function stackHeadResults(cache: ActivationCache, options: StackHeadOptions): LabelledStack {
  const count = blockCount(cache, options.layer, DOING);
  if (count === 0)
    throw new PrismaError("ARGUMENT_INVALID", `${DOING}: there is no head before layer 0`);
  const blocks = Array.from({ length: count }, (_, layer) => headRows(cache, layer));
  const heads = concat(blocks);
  const labels = blocks.flatMap((block, layer) =>
    Array.from({ length: block.shape[0] ?? 0 }, (_, head) => `L${layer}H${head}`),
  );
  const all =
    options.inclRemainder === true
      ? withRemainder(cache, { heads, labels, count })
      : { values: heads, labels };
  return finishStack(cache, all, { ...options, doing: DOING });
}

function withRemainder(
  cache: ActivationCache,
  {
    heads,
    labels,
    count,
  }: { readonly heads: Tensor; readonly labels: string[]; readonly count: number },
): LabelledStack {
  const stream = keptActivation(cache, `blocks.${count - 1}.hook_resid_post`, DOING);
  const values = concat([heads, stream.sub(heads.sum(0)).unsqueeze(0)]);
  return { values, labels: [...labels, "remainder"] };
}
