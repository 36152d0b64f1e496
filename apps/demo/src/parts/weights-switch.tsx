// The switch between the trained weights and random ones, which show what a picture looks like when it means nothing.
import type { PageState } from "../page-state.ts";

const choices = [
  [false, "Trained"],
  [true, "Random"],
] as const;

/** Two radio buttons. */
export function WeightsSwitch({ page }: { page: PageState }) {
  return (
    <fieldset class="segments" aria-label="Weights" disabled={page.engine.value === null}>
      {choices.map(([random, words]) => (
        <label key={words}>
          <input
            type="radio"
            name="weights"
            checked={page.random.value === random}
            onChange={() => void page.useRandom(random)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
