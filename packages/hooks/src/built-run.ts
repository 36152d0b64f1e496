// A run whose graph is built: what outlives the building, and computing all of it at once.
import { PrismaError, realize, type Tensor } from "@prisma/tensor";
import type { RunRequests } from "./hook-point.ts";

/** Everything of one call that outlives the building of its graph. */
export interface BuiltRun<Name extends string> {
  readonly output: Tensor;
  readonly cached: ReadonlyMap<Name, Tensor>;
  readonly gradients: ReadonlyMap<Name, Tensor>;
  readonly requests: RunRequests;
}

/** A run that fails says so to whoever reads its output; what its hooks asked for then simply does not come. */
export function ignoreFault(error: unknown): void {
  if (!(error instanceof PrismaError)) throw error;
}

/** Computes everything asked for in one run, and hands numbers to those who tapped. */
export async function finishRun<Name extends string>({
  output,
  cached,
  gradients,
  requests,
}: BuiltRun<Name>): Promise<void> {
  const tapped = requests.tapped.map((tap) => tap.tensor);
  try {
    await realize(output, ...cached.values(), ...gradients.values(), ...requests.kept, ...tapped);
    for (const { tensor, fn } of requests.tapped) fn(await tensor.data());
  } finally {
    tapped.forEach((tensor) => tensor.dispose());
  }
}
