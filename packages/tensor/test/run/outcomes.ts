// What becomes of a promise of values, for tests of faults: bits, the code of an error, or nothing in time.
import { PrismaError, type Device, type Tensor } from "@prisma/tensor";
import type { Computation } from "./small-transformer.ts";

/** Milliseconds within which every promise must settle, whatever ends. */
export const SOON = 2000;

/** Bits, or the code of the error; "late" where neither comes soon. */
export async function outcome(x: Tensor, soon = SOON): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("late"), soon);
  });
  const settled = x.data().then(
    (values) => String(new Uint32Array(values.buffer, values.byteOffset, values.length)),
    (error: unknown) => (error instanceof PrismaError ? error.code : String(error)),
  );
  const first = await Promise.race([settled, late]);
  clearTimeout(timer);
  return first;
}

/** Outcomes of all results, asked for at once, however long a slow adapter compiles. */
export async function run(device: Device, computation: Computation): Promise<string[]> {
  const results = computation(device);
  const outcomes = await Promise.all(results.map((x) => outcome(x, 60_000)));
  results.forEach((result) => result.dispose());
  return outcomes;
}
