// The labels that a model of pictures and texts is asked to tell apart.
import type { PageState } from "../page-state.ts";

/** Labels told apart at once; more would be slow to read and to compute. */
const MOST_LABELS = 200;

/** A box with a label a line. */
export function LabelsForm({ page }: { page: PageState }) {
  const loading = page.models.loading.value !== null;
  return (
    <form
      class="labels-form"
      onSubmit={(event) => {
        event.preventDefault();
        const text = String(new FormData(event.currentTarget).get("labels") ?? "");
        const labels = labelsIn(text);
        if (labels.length >= 2) void page.useLabels(labels);
      }}
    >
      <label for="labels">Tell these apart, one a line</label>
      <textarea
        id="labels"
        name="labels"
        rows={6}
        spellcheck={false}
        aria-describedby="labels-note"
        defaultValue={page.models.labels.value.join("\n")}
      />
      <p id="labels-note" class="small quiet">
        Each line is held against the picture as it stands; sentences such as{" "}
        {"\u201ca photo of a dog\u201d"} work best.
      </p>
      <button type="submit" class="action" disabled={loading}>
        {loading ? "Reading\u2026" : "Ask"}
      </button>
    </form>
  );
}

/** Lines that are not empty, each once. */
function labelsIn(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))].slice(0, MOST_LABELS);
}
