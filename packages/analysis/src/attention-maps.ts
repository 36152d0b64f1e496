// Attention in three measures: where a head looks, how much it takes from there, and what that adds to a class difference.
import { blockHook, tokenLabels } from "@prisma/hooks";
import { concat, einsum, PrismaError, scope, type Tensor } from "@prisma/tensor";
import { layersAndHeads, takenFrom, type SplitRun } from "./attribute-logits-splits.ts";
import { weightOf, type Classifier } from "./classifier.ts";
import { eachImage } from "./each-image.ts";
import { frozenReadout, readTokens } from "./frozen-readout.ts";
import { imageValues } from "./image-values.ts";
import {
  modelProvenance,
  type AnalysisOptions,
  type Axis,
  type LabelledValues,
  type Provenance,
} from "./result.ts";
import { listTargets, targetName, targetPlace, type Target } from "./target.ts";

/**
 * What a value from query to source is. `pattern`: the share of attention. `value-weighted`: that share times the length
 * of what the head would write from the source, |v W_O| (Kobayashi et al. 2020, arXiv 2004.10102). `contribution`: what
 * the query takes from the source and adds to the target.
 */
export type AttentionKind = "pattern" | "value-weighted" | "contribution";

/** What {@link attentionMaps} may be told. */
export interface AttentionMapsOptions extends AnalysisOptions {
  /** Default `pattern`. */
  readonly kind?: AttentionKind;
  /** For `contribution`, and only there: the class difference, for all images or for each its own. */
  readonly target?: Target;
}

/** What {@link attentionMaps} gives. */
export interface AttentionMaps extends Provenance {
  readonly kind: AttentionKind;
  /** [image, layer, head, query, source] */
  readonly maps: LabelledValues;
  /** What to keep in mind when reading the values, or null. */
  readonly note: string | null;
}

/** One run of one image: an attribution's, or what goes without a target. */
type MapRun = Omit<SplitRun, "readout">;

const patternOf = ({ cache }: MapRun, layer: number): Tensor =>
  cache.get(blockHook(layer, "attn.hook_pattern")); // [B, H, P, P]

/** [B, H, P, P] */
function valueWeighted(run: MapRun, layer: number): Tensor {
  const v = run.cache.get(blockHook(layer, "attn.hook_v")); // [B, P, H, E]
  const written = einsum("bshe,hed->bhsd", v, weightOf(run.model, `blocks.${layer}.attn.W_O`));
  const length = written.mul(written).sum(-1).sqrt(); // [B, H, P]
  return patternOf(run, layer).mul(length.unsqueeze(2));
}

/** Zero for queries that the answer is not read from. [B, H, P, P] */
function contribution(run: SplitRun, layer: number): Tensor {
  const [from, to] = run.readout.read;
  const taken = takenFrom(run, layer); // [B, H, R, P]
  const tokens = taken.shape.at(-1) ?? 0;
  return taken.pad([
    [0, 0],
    [0, 0],
    [from, tokens - to],
    [0, 0],
  ]);
}

/** What the maps of a kind are made of. */
interface MapKind {
  /** Whether the run has to keep the activation at `name`. */
  readonly reads: RegExp;
  readonly method: string;
  readonly metric: string;
  readonly note: string | null;
}

const KINDS: Readonly<Record<AttentionKind, MapKind>> = {
  pattern: {
    reads: /\.attn\.hook_pattern$/,
    method: "attention pattern",
    metric: "share of the query's attention",
    note: "Attention is where a head looks, not what it contributes.",
  },
  "value-weighted": {
    reads: /\.attn\.hook_(pattern|v)$/,
    method: "attention weighted by the length of what is written",
    metric: "share of attention times |v W_O|",
    note: "Lengths of layers compare only as far as their streams do.",
  },
  contribution: {
    reads: /\.attn\.hook_(pattern|v)$|^ln_final\.hook_scale$|^hook_head_scale$/,
    method: "direct logit attribution by query and source, scale of norms held",
    metric: "",
    note: "What later layers make of it is not counted; queries that the answer is not read from add nothing.",
  },
};

/** @throws PrismaError ARGUMENT_INVALID for a kind that is none, and for a target that is missing or has no use */
function checkKind(kind: AttentionKind, target: Target | undefined): void {
  if (!Object.hasOwn(KINDS, kind))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `attentionMaps: kind is ${JSON.stringify(kind)}; expected one of ${Object.keys(KINDS).join(", ")}`,
      { kind },
    );
  if ((kind === "contribution") === (target !== undefined)) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    target === undefined
      ? "attentionMaps: a contribution is one to a target; give target: a class or a pair of classes"
      : `attentionMaps: kind "${kind}" has no target; leave it out, or ask for kind "contribution"`,
  );
}

/** Directions of targets, if there are any; to be disposed of. */
interface Directions extends Disposable {
  readonly name: string;
  /** [D] of an image. */
  readonly of: (image: number) => Tensor;
}

function openDirections(model: Classifier, target: Target, images: number): Directions {
  readTokens(model.tokens);
  const { directions, bias, targets } = model.logitDirections(listTargets(target, images));
  bias.dispose();
  return {
    name: targetName(target, targets),
    of: (image) => directions.get([targetPlace(targets, image)]),
    [Symbol.dispose]: () => directions.dispose(),
  };
}

/** Maps of one image, `[layer, head, query, source]` row by row. */
async function imageMaps(
  model: Classifier,
  image: Tensor,
  { kind, direction }: { readonly kind: AttentionKind; readonly direction: (() => Tensor) | null },
): Promise<Float32Array> {
  using run = await model.runWithCache(image, { names: (name) => KINDS[kind].reads.test(name) });
  const { cache } = run;
  using maps = scope(() => {
    const readout = direction === null ? null : frozenReadout(model, cache, direction());
    const of = (layer: number): Tensor => {
      if (readout !== null) return contribution({ model, cache, readout }, layer);
      return kind === "pattern"
        ? patternOf({ model, cache }, layer)
        : valueWeighted({ model, cache }, layer);
    };
    return concat(Array.from({ length: model.layers }, (_, layer) => of(layer)));
  });
  return Float32Array.from(await maps.data());
}

function axesOf(model: Classifier): Axis[] {
  const labels = tokenLabels(model.tokens);
  return [...layersAndHeads(model), { name: "query", labels }, { name: "source", labels }];
}

/**
 * Attention of every head between all tokens of `input` [B, C, rows, columns], in one of three measures: where a head
 * looks (`pattern`), how much it takes from there (`value-weighted`), or what that adds to a class difference
 * (`contribution`). They differ: a head may look at a token and take nothing, or take what says nothing of the classes.
 * The sum of a head's contributions is its share in {@link attributeLogits} by head.
 * @throws PrismaError ARGUMENT_INVALID for another kind, a target that is missing, of no use or none of the classes, or no
 *   images; SHAPE_MISMATCH; CANCELLED before the first image
 * @example
 * const target = ["Dress", "Trouser"] as const;
 * const { maps } = await attentionMaps(model, images, { kind: "contribution", target });
 * maps.axes.map(({ name }) => name); // ["image", "layer", "head", "query", "source"]
 */
export async function attentionMaps(
  model: Classifier,
  input: Tensor,
  options: AttentionMapsOptions = {},
): Promise<AttentionMaps> {
  const { kind = "pattern", target } = options;
  checkKind(kind, target);
  const total = input.shape[0] ?? 0;
  using directions = target === undefined ? null : openDirections(model, target, total);
  const images: Float32Array[] = [];
  const complete = await eachImage(input, {
    ...options,
    doing: "attentionMaps",
    step: async (image) => {
      const direction = directions === null ? null : () => directions.of(images.length);
      images.push(await imageMaps(model, image, { kind, direction }));
    },
  });
  const { method, metric, note } = KINDS[kind];
  return {
    kind,
    maps: imageValues(axesOf(model), images, total),
    note,
    method,
    metric: directions?.name ?? metric,
    baseline: null,
    ...(await modelProvenance(model)),
    complete,
  };
}
