// Directions of the residual stream along which a ViT reads class differences.
import type {
  ClassName,
  FoundTarget,
  LogitDirections,
  LogitDirectionsOptions,
  LogitTarget,
} from "@prisma/hooks";
import { einsum, PrismaError, scope, tensor, zeros, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "./config.ts";

/** What of a ViT its directions depend on. */
interface ReadModel {
  readonly config: ViTConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  labelIndex(label: string | number): number;
}

/** Numbers that the model gives for an image: without a head, the width of the stream. */
function classCount({ returnType, nClasses, dModel }: ViTConfig): number {
  return returnType === "pre_logits" ? dModel : nClasses;
}

function classNumber(model: ReadModel, name: ClassName): number {
  if (model.labels !== null || typeof name === "string") return model.labelIndex(name);
  const classes = classCount(model.config);
  if (Number.isInteger(name) && name >= 0 && name < classes) return name;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `logitDirections: class ${name} is not one of 0 to ${classes - 1}`,
    { label: name },
  );
}

function findTarget(model: ReadModel, target: LogitTarget, raw: boolean): FoundTarget {
  const logitOf = (at: number): string => `logit of ${model.labels?.[at] ?? `class ${at}`}`;
  if (typeof target === "number" || typeof target === "string") {
    const of = classNumber(model, target);
    return raw
      ? { name: logitOf(of), of, against: null }
      : { name: `${logitOf(of)} minus mean logit`, of, against: "mean" };
  }
  const [of, against] = [classNumber(model, target[0]), classNumber(model, target[1])];
  if (of !== against) return { name: `${logitOf(of)} minus ${logitOf(against)}`, of, against };
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `logitDirections: both classes of the pair are class ${of}; their difference is always 0`,
    { label: of },
  );
}

/** What each target takes of each class. `[n, C]` */
function shares(targets: readonly FoundTarget[], classes: number): Tensor {
  const shareOf = ({ of, against }: FoundTarget, at: number): number =>
    Number(at === of) - (against === "mean" ? 1 / classes : Number(at === against));
  return tensor(
    targets.map((target) => Array.from({ length: classes }, (_, at) => shareOf(target, at))),
  );
}

function readDirections(
  { config, parameters }: ReadModel,
  targets: readonly FoundTarget[],
  raw: boolean,
): Pick<LogitDirections, "directions" | "bias"> {
  const taken = shares(targets, classCount(config)); // [n, C]
  const [head, headBias] = [parameters.get("head.W_H"), parameters.get("head.b_H")];
  const columns = head === undefined ? taken : einsum("nc,dc->nd", taken, head); // [n, D]
  const bias =
    headBias === undefined ? zeros([targets.length]) : einsum("nc,c->n", taken, headBias); // [n]
  if (raw || config.normalizationType === null) return { directions: columns, bias };
  const [weight, shift] = [parameters.get("ln_final.w"), parameters.get("ln_final.b")];
  const weighted = weight === undefined ? columns : columns.mul(weight);
  return {
    directions: weighted.sub(weighted.mean(-1, { keepDims: true })),
    bias: shift === undefined ? bias : bias.add(einsum("nd,d->n", columns, shift)),
  };
}

/** Between the stream and a head after attention pooling, or two heads, there is no one direction. */
function assertLinear({ classificationType }: ViTConfig, raw: boolean): void {
  if (raw || (classificationType !== "map" && classificationType !== "distilled")) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `logitDirections: the answer is read by "${classificationType}", along no one direction of the stream; ` +
      "{ raw: true } gives plain columns of the head",
    { classificationType },
  );
}

/**
 * The directions of `targets` in the stream before the final norm: the norm's weight times the head's columns, centred
 * where the norm centres. Then `x . direction / scale + bias` is the target, whether or not the norm is folded into the head.
 * @throws PrismaError ARGUMENT_INVALID for no target, for a class that is none, and for a pair of one class
 */
export function logitDirections(
  model: ReadModel,
  targets: readonly LogitTarget[],
  { raw = false }: LogitDirectionsOptions,
): LogitDirections {
  assertLinear(model.config, raw);
  if (targets.length === 0)
    throw new PrismaError("ARGUMENT_INVALID", "logitDirections: the list of targets is empty");
  const found = targets.map((target) => findTarget(model, target, raw));
  return { ...scope(() => readDirections(model, found, raw)), targets: found };
}
