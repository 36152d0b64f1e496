// Targets: the class difference that an analysis is about, one for all images or for each image its own.
import type { FoundTarget, LogitTarget } from "@prisma/hooks";
import { kindOf, PrismaError } from "@prisma/tensor";

/** A target for each image, in their order. */
export interface ImageTargets {
  readonly targets: readonly LogitTarget[];
}

/** `[a, b]`: the logit of `a` minus that of `b`. One class alone: its logit minus the mean of all. `{ targets }`: for each image its own. */
export type Target = LogitTarget | ImageTargets;

function isOwn(target: Target): target is ImageTargets {
  return typeof target === "object" && target !== null && "targets" in target;
}

function assertTarget(target: unknown): void {
  const classes: readonly unknown[] = Array.isArray(target) ? target : [target, target];
  const areNames = classes.every((one) => typeof one === "string" || typeof one === "number");
  if (areNames && classes.length === 2) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `target is ${kindOf(target)}; expected a class, a pair of classes, or { targets }, one for each image`,
  );
}

/**
 * `target` as a list: one for all of `images` images, or one for each.
 * @throws PrismaError ARGUMENT_INVALID for more or fewer targets than images, and for what is no target
 */
export function listTargets(target: Target, images: number): readonly LogitTarget[] {
  const list: readonly LogitTarget[] = isOwn(target) ? target.targets : [target];
  const found = Array.isArray(list) ? list.length : kindOf(list);
  if (isOwn(target) && found !== images) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `target: there are ${found} targets for ${images} images; give one for each, or one for all`,
      { targets: found, images },
    );
  }
  list.forEach(assertTarget);
  return list;
}

/** What `target` is in words, when its list was `found`. */
export function targetName(target: Target, found: readonly FoundTarget[]): string {
  return isOwn(target) ? "logit of each image's own target" : (found[0]?.name ?? "");
}

/** Which of a list of targets, one for all images or one for each, is that of `image`. */
export function targetPlace(found: readonly FoundTarget[], image: number): number {
  return found.length === 1 ? 0 : image;
}
