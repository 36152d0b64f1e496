// Whole numbers known only when a plan is bound: a constant plus multiples of plan slots (slice starts, for one).

/** `constant + sum(slots[slot] * factor)`; slots are the plan's inputs that are plain numbers. */
export interface Affine {
  readonly constant: number;
  readonly terms: readonly (readonly [slot: number, factor: number])[];
}

/** The affine number that is always `constant`. */
export function affine(constant: number): Affine {
  return { constant, terms: [] };
}

/** The affine number `slots[slot]`. */
export function slotValue(slot: number): Affine {
  return { constant: 0, terms: [[slot, 1]] };
}

/** `a + b * factor`. */
export function addScaled(a: Affine, b: Affine, factor: number): Affine {
  const terms = [...a.terms, ...b.terms.map(([slot, f]) => [slot, f * factor] as const)];
  return { constant: a.constant + b.constant * factor, terms: terms.filter(([, f]) => f !== 0) };
}

/** Value of `a` for the given slot values. */
export function evaluateAffine(a: Affine, slots: ArrayLike<number>): number {
  return a.terms.reduce(
    (sum, [slot, factor]) => sum + (slots[slot] ?? Number.NaN) * factor,
    a.constant,
  );
}

/** True when `a` and `b` are the same number for every value of the slots. */
export function sameAffine(a: Affine, b: Affine): boolean {
  return formatAffine(a) === formatAffine(b);
}

/** `a` as canonical text, for keys and `explain`. */
export function formatAffine(a: Affine): string {
  const terms = [...a.terms]
    .sort(([p], [q]) => p - q)
    .map(([slot, factor]) => `${factor}*s${slot}`);
  return [a.constant, ...terms].join("+");
}
