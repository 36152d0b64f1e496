// Named rows as one tensor.
import { PrismaError, stack } from "@prisma/tensor";
import type { LabelledRow, LabelledStack } from "./cache-view.ts";

/**
 * Rows of one shape along a new first axis.
 * @throws PrismaError ARGUMENT_INVALID where there is none
 */
export function stackRows(rows: readonly LabelledRow[], doing: string): LabelledStack {
  if (rows.length === 0)
    throw new PrismaError("ARGUMENT_INVALID", `${doing}: these options leave nothing to stack`);
  return { values: stack(rows.map(([, row]) => row)), labels: rows.map(([label]) => label) };
}
