// Metrics: one number per image by which causes are compared; a logit difference unless another is given.
import type { ClassName, HookedModel, LogitTarget } from "@prisma/hooks";
import { formatShape, kindOf, PrismaError, scope, Tensor } from "@prisma/tensor";
import { logitDifferences, type ClassDifference } from "./logit-difference.ts";
import type { AnalysisOptions } from "./result.ts";
import { listTargets, targetName, type Target } from "./target.ts";

/** A number for each image. */
export interface Metric {
  /** What it is, in words. */
  readonly name: string;
  /** Logits `[B, C]` to values `[B]`. It builds a graph, as hooks do. */
  readonly of: (logits: Tensor) => Tensor;
}

/** What an analysis that compares outputs may be told: a target, or a metric of one's own. */
export interface MetricOptions {
  /** The metric is the logit of one class minus that of another, or minus the mean of all, for all images or for each its own. */
  readonly target?: Target;
  /** Another metric, in place of a target. */
  readonly metric?: Metric;
}

/** The part of a model that knows classes. */
type Labelled = Pick<HookedModel, "labels" | "labelIndex">;

function classIndex(model: Labelled, label: ClassName): number {
  if (model.labels !== null || typeof label === "string") return model.labelIndex(label);
  // A model without class names still has classes; logits say how many.
  if (Number.isInteger(label) && label >= 0) return label;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `target: there is no class ${label}; classes are whole numbers from 0`,
    { class: label },
  );
}

/** @throws PrismaError ARGUMENT_INVALID for no such class, naming the nearest, and for a pair of one class */
function findTarget(model: Labelled, target: LogitTarget): ClassDifference {
  const nameOf = (index: number): string => `logit of ${model.labels?.[index] ?? `class ${index}`}`;
  if (typeof target === "string" || typeof target === "number") {
    const of = classIndex(model, target);
    return { name: `${nameOf(of)} minus mean logit`, of, against: "mean" };
  }
  const [of, against] = [classIndex(model, target[0]), classIndex(model, target[1])];
  if (of !== against) return { name: `${nameOf(of)} minus ${nameOf(against)}`, of, against };
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `target: both classes of the pair are class ${of}; their difference is always 0`,
    { class: of },
  );
}

function checkMetric(metric: Metric): Metric {
  if (typeof metric?.name === "string" && typeof metric.of === "function") return metric;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `metric is ${kindOf(metric)}; expected { name, of: (logits) => one number for each image }`,
  );
}

/**
 * The metric that `options` mean for `images` images.
 * @throws PrismaError ARGUMENT_INVALID when there is none or two, or it is no metric, for no such class, naming the nearest, for a pair of one
 *   class, and for targets that are not as many as the images
 */
export function metricOf(
  model: Labelled,
  { target, metric }: MetricOptions,
  images: number,
): Metric {
  if (target !== undefined && metric === undefined) {
    const found = listTargets(target, images).map((one) => findTarget(model, one));
    return { name: targetName(target, found), of: (logits) => logitDifferences(logits, found) };
  }
  if (metric !== undefined && target === undefined) return checkMetric(metric);
  throw new PrismaError(
    "ARGUMENT_INVALID",
    "give a target, one class or two, or else a metric, but not both",
  );
}

/**
 * `metric` of `logits` [B, C], lazily: [B].
 * @throws PrismaError ARGUMENT_INVALID when it is not a number for each image
 */
export function applyMetric({ name, of }: Metric, logits: Tensor): Tensor {
  const [batch = 0] = logits.shape;
  return scope(() => {
    const values: unknown = of(logits);
    if (values instanceof Tensor && values.size === batch)
      return values.reshape([batch]).cast("f32");
    const found = values instanceof Tensor ? formatShape(values.shape) : kindOf(values);
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `metric "${name}": it gave ${found} for logits of ${batch} images; expected a tensor of ${batch} numbers`,
    );
  });
}

/**
 * The numbers of what {@link applyMetric} gave.
 * @throws PrismaError ARGUMENT_INVALID when one is not finite; CANCELLED
 */
export async function metricNumbers(
  { name }: Metric,
  values: Tensor,
  { signal }: Pick<AnalysisOptions, "signal"> = {},
): Promise<Float32Array> {
  const numbers = Float32Array.from(await values.data(signal === undefined ? {} : { signal }));
  const wrong = numbers.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return numbers;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `metric "${name}": it gave ${wrong}, which is no number to compare`,
    { value: wrong },
  );
}
