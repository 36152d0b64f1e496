// What decides in a model: runs with edits of heads, and the analyses of those runs, as plain numbers.
import {
  ablate,
  attentionMaps,
  attributeLogits,
  editHooks,
  logitLens,
  referenceMeans,
  type AttentionKind,
  type Edit,
  type EditPosition,
  type EditSources,
  type LogitLens,
  type LogitAttribution,
  type ReferenceSet,
} from "@prisma/analysis";
import type { Tensor } from "@prisma/tensor";
import type { ViT } from "@prisma/vit";
import type { Side } from "./compose-scene.ts";
import type {
  Asked,
  Examination,
  HeadNumbers,
  LensAnswer,
  MeasuredAttention,
  Watch,
} from "./engine.ts";
import type { HeadEdit } from "./head-edits.ts";
import type { Question } from "./question.ts";

/** Classes told of each token. */
const TOLD = 3;

/** What edits take from: the mean over many scenes, and the second picture. */
export interface Sources {
  readonly reference: ReferenceSet;
  readonly second: Tensor | null;
}

/** A head's edit in the vocabulary of the analyses. */
export function analysisEdit(edit: HeadEdit, grid: readonly [number, number]): Edit {
  const { layer, head } = edit.head;
  const name = `blocks.${layer}.attn.hook_z`;
  if (edit.kind === "cut") return { name, heads: [head], kind: "mean" };
  if (edit.kind === "patch") return { name, heads: [head], kind: "from", source: "second" };
  return {
    name: `blocks.${layer}.attn.hook_attn_scores`,
    heads: [head],
    kind: "knockout",
    keys: typeof edit.hidden === "string" ? halfOf(edit.hidden, grid) : [edit.hidden],
  };
}

/** The patches of one half of the picture. */
function halfOf(side: Side, [rows, columns]: readonly [number, number]): EditPosition[] {
  const from = side === "left" ? 0 : columns / 2;
  return Array.from({ length: (rows * columns) / 2 }, (_, at) => [
    Math.floor(at / (columns / 2)),
    from + (at % (columns / 2)),
  ]);
}

/** Means of every head's output over `scenes` [N, C, H, W], which are let go of. */
export async function headMeans(model: ViT, scenes: Tensor): Promise<ReferenceSet> {
  using inputs = scenes;
  return await referenceMeans(model, inputs, {
    names: "blocks.*.attn.hook_z",
    description: `${inputs.shape[0] ?? 0} scenes`,
  });
}

/** What decides a question in `input` when edits are made. */
export async function examineModel(
  model: ViT,
  input: Tensor,
  options: Asked & { readonly sources: Sources },
): Promise<Examination> {
  const { question, sources } = options;
  const edits = options.edits.map((edit) => analysisEdit(edit, model.tokens.grid));
  using made = await editHooks(model, edits, sourcesOf(sources));
  using _scoped = model.hooks(made.hooks);
  const target = [question.of, question.against] as const;
  using run = await model.runWithCache(input, { names: "blocks.*.attn.hook_pattern" });
  const attribution = await attributeLogits(model, input, { target, by: "head" });
  const lens = await logitLens(model, input, { target });
  const patterns = await Promise.all(
    Array.from({ length: model.layers }, (_, layer) => run.cache.get("pattern", layer).data()),
  );
  const pattern = Float32Array.from(patterns.flatMap((values) => Array.from(values)));
  return {
    logits: Float32Array.from(await run.output.data()),
    pattern,
    attention: await measuredAttention(model, input, { kind: options.attention, target, pattern }),
    ...headsAndMlps(model, attribution),
    ...lensOf(model, lens),
  };
}

/** Attention in the measure asked for; shares are there already. */
async function measuredAttention(
  model: ViT,
  input: Tensor,
  ask: {
    readonly kind: AttentionKind;
    readonly target: readonly [number, number];
    readonly pattern: Float32Array;
  },
): Promise<MeasuredAttention> {
  const { kind, target, pattern } = ask;
  if (kind === "pattern") return { kind, values: pattern };
  const { maps } = await attentionMaps(model, input, {
    kind,
    ...(kind === "contribution" ? { target } : {}),
  });
  return { kind, values: maps.values };
}

/**
 * What every head writes toward `question`, and the change of its margin when one head at a time writes its mean.
 * @throws PrismaError CANCELLED when `signal` was aborted on the way
 */
export async function measureHeads(
  model: ViT,
  input: Tensor,
  options: Watch & { readonly question: Question; readonly reference: ReferenceSet },
): Promise<HeadNumbers> {
  const { question, reference, ...watch } = options;
  const { signal } = watch;
  const target = [question.of, question.against] as const;
  const attribution = await attributeLogits(model, input, { target, by: "head", signal });
  const { effects } = await ablate(model, input, { sweep: "heads", reference, target, ...watch });
  signal.throwIfAborted();
  return {
    contributions: headsAndMlps(model, attribution).contributions,
    effects: effects.values,
  };
}

function sourcesOf({ reference, second }: Sources): EditSources {
  return second === null ? { reference } : { reference, from: { second } };
}

function headsAndMlps(
  { layers, config: { nHeads } }: ViT,
  { contributions, rest, bias, remainder }: LogitAttribution,
): Pick<Examination, "contributions" | "rest"> {
  const labels = rest.axes[1]?.labels ?? [];
  const mlps = labels.map((label) => /^(\d+)_mlp_out$/.exec(label)?.[1]);
  const columns = nHeads + 1;
  const written = new Float32Array(layers * columns);
  for (let layer = 0; layer < layers; layer++) {
    written.set(
      contributions.values.subarray(layer * nHeads, (layer + 1) * nHeads),
      layer * columns,
    );
    written[layer * columns + nHeads] = rest.values[mlps.indexOf(String(layer))] ?? 0;
  }
  const others = rest.values.filter((_, at) => mlps[at] === undefined);
  return {
    contributions: written,
    rest: [...others, ...bias.values, ...remainder.values].reduce((sum, share) => sum + share, 0),
  };
}

function lensOf(model: ViT, lens: LogitLens): Pick<Examination, "lens" | "margins"> {
  const [, layers = 0, positions = 0, classes = 0] = lens.logits.axes.map(
    ({ labels }) => labels.length,
  );
  const answers = Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: positions }, (__, position) => {
      const from = (layer * positions + position) * classes;
      return likeliest(lens.logits.values.subarray(from, from + classes));
    }),
  );
  const cls = model.tokens.cls ?? 0;
  const margins = Float32Array.from(
    { length: layers },
    (_, layer) => lens.target?.values[layer * positions + cls] ?? Number.NaN,
  );
  return { lens: answers, margins };
}

function likeliest(logits: Float32Array): LensAnswer {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  const order = Array.from(logits.keys())
    .sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0))
    .slice(0, TOLD);
  return { classes: order, probabilities: order.map((at) => (powers[at] ?? 0) / sum) };
}
