// Names of the places where the lens reads: 0 is before the first layer, each next one after another layer.

/** Short: `in`, `L0`, `L1`. */
export function stepName(step: number): string {
  return step === 0 ? "in" : `L${step - 1}`;
}

/** In words: `before the first layer`, `after layer 0`. */
export function stepWords(step: number): string {
  return step === 0 ? "before the first layer" : `after layer ${step - 1}`;
}
