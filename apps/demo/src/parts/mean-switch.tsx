// The switch between this scene and the mean of many, with how far the latter is.
import type { PageState } from "../page-state.ts";

const choices = [
  [false, "This scene"],
  [true, "Mean of 100"],
] as const;

/** Two radio buttons, and while scenes are measured a button that stops it. */
export function MeanSwitch({ page }: { page: PageState }) {
  const { shown, running } = page.mean;
  return (
    <>
      {running.value ? (
        <button type="button" class="link small" onClick={() => page.mean.stop()}>
          Stop
        </button>
      ) : (
        <span />
      )}
      <fieldset class="segments" aria-label="Numbers of">
        {choices.map(([value, words]) => (
          <label key={words}>
            <input
              type="radio"
              name="numbers"
              checked={shown.value === value}
              onChange={() => void page.showMean(value)}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** One line on what is averaged, and how far it is. */
export function MeanLine({ page }: { page: PageState }) {
  const { shown, error } = page.mean;
  return (
    <p class="mean-line small quiet" role="status">
      {error.value === null ? (
        shown.value && meanWords(page)
      ) : (
        <span class="error">{error.value}</span>
      )}
    </p>
  );
}

function meanWords({ mean, cause }: PageState): string {
  const { done = 0, total = 100 } = mean.means.value ?? {};
  const causes = cause.causes.value;
  if (causes === null) return "";
  const { model, question, edits } = causes;
  const stopped = done < total && !mean.running.value ? "stopped after " : "";
  const count = done < total ? `${stopped}${done} of ${total} scenes` : `${total} scenes`;
  const [of = "", against = ""] = [question.of, question.against].map((at) => model.labels[at]);
  const unedited = edits.length > 0 ? ", without edits" : "";
  return `${of} with ${against}, ${count} laid out like this one${unedited}; \u00b1 standard error.`;
}
