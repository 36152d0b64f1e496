// The switch between where heads look, what they take from there, and what that adds: attention is not contribution.
import type { AttentionKind } from "@prisma/analysis";
import type { PageState } from "../page-state.ts";

const choices: readonly (readonly [kind: AttentionKind, words: string])[] = [
  ["pattern", "Looks"],
  ["value-weighted", "Takes"],
  ["contribution", "Adds"],
];

const meanings: Readonly<Record<AttentionKind, string>> = {
  pattern: "Where a head looks, as shares that sum to one. It may look hard and take nothing.",
  "value-weighted": "That share times the length of what the head would write from there.",
  contribution:
    "What that adds to the answer, in logits, directly. Where the answer is not read, nothing.",
};

/** Three radio buttons, and what the chosen one means. */
export function AttentionSwitch({ page }: { page: PageState }) {
  const shown = page.cause.attention.value;
  return (
    <>
      <fieldset class="segments" aria-label="Attention as">
        {choices.map(([kind, words]) => (
          <label key={kind}>
            <input
              type="radio"
              name="attention"
              value={kind}
              checked={shown === kind}
              onChange={() => void page.cause.measureAttention(kind)}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <p class="small quiet">{meanings[shown]}</p>
    </>
  );
}
