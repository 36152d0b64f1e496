// The lens at every layer at once: layers down, tokens across.
import { lensTable } from "@prisma/viz";
import type { LensTableData } from "@prisma/viz";
import { useCallback } from "preact/hooks";
import type { Causes } from "../cause-state.ts";
import { lensClasses } from "../lens-classes.ts";
import { stepName } from "../lens-steps.ts";
import type { PageState } from "../page-state.ts";
import { FigureView } from "./figure-view.tsx";

/** A sign for each token after each layer; choosing one chooses its layer and token above. */
export function LensTablePanel({ page, causes }: { page: PageState; causes: Causes }) {
  const { model, edited } = causes;
  const create = useCallback(
    (data: LensTableData) =>
      lensTable(data, {
        onSelect: ({ step, token }) => {
          page.cause.lensLayer.value = step;
          page.query.value = token;
        },
      }),
    [page],
  );
  return (
    <section class="panel lens-table" aria-labelledby="lens-table-title">
      <h3 id="lens-table-title">How does each patch come to its answer?</h3>
      <FigureView
        create={create}
        data={{
          tokens: model.tokens,
          steps: edited.lens.map((_, step) => stepName(step)),
          classes: edited.lens.map((answers) => lensClasses(answers, model)),
          selected: {
            step: page.cause.lensLayer.value ?? model.layers,
            token: page.query.value,
          },
        }}
      />
    </section>
  );
}
