// Captures what WebGPU reports of a stretch of calls, all of which seem to succeed when they are made.
import { PrismaError } from "../../errors.ts";

/** An error that WebGPU reported. */
interface Reported {
  readonly filter: GPUErrorFilter;
  readonly message: string;
}

/** What some calls gave, and what WebGPU will say of them: null where they went well, or the device is lost. */
export interface Captured<T> {
  readonly result: T;
  readonly error: Promise<Reported | null>;
}

/** In the order in which scopes are closed; a failed allocation makes invalid what is done with it, and is the better reason. */
const FILTERS = ["out-of-memory", "internal", "validation"] as const;
const SHOWN_CHARACTERS = 200;

/** Calls `work`, whose errors WebGPU reports here and nowhere else. */
export function captureErrors<T>(gpu: GPUDevice, work: () => T): Captured<T> {
  for (const filter of [...FILTERS].reverse()) gpu.pushErrorScope(filter);
  let result: T;
  let answers: Promise<Reported | null>[] = [];
  try {
    result = work();
  } finally {
    answers = FILTERS.map((filter) =>
      gpu.popErrorScope().then(
        (error) => (error === null ? null : { filter, message: error.message }),
        () => null,
      ),
    );
  }
  const error = Promise.all(answers).then((all) => all.find((answer) => answer !== null) ?? null);
  return { result, error };
}

/** The error to throw for what was reported while `labels` were at work. */
export function reportedError(
  { filter, message }: Reported,
  labels: readonly string[],
): PrismaError {
  const code = filter === "out-of-memory" ? "OUT_OF_MEMORY" : "KERNEL_FAILED";
  const near = labels.length === 0 ? "" : ` (in ${labels.join(", ")})`;
  return new PrismaError(code, `WebGPU: ${message.slice(0, SHOWN_CHARACTERS)}${near}`, { labels });
}
