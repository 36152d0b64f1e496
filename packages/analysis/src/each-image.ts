// One image of a batch after the other, with progress and a way to stop half-way.
import { PrismaError, type Tensor } from "@prisma/tensor";
import { countImages } from "./count-images.ts";
import type { AnalysisOptions } from "./result.ts";

/** What {@link eachImage} runs. */
export interface ImageSteps extends AnalysisOptions {
  /** Name of the analysis, for messages. */
  readonly doing: string;
  /** Gets one image `[1, ...]`. */
  readonly step: (image: Tensor) => Promise<void>;
}

/**
 * Runs `step` for each image of `input` `[B, ...]` in turn; false when it was cancelled half-way.
 * @throws PrismaError CANCELLED before the first image, ARGUMENT_INVALID without images, and what `step` throws
 */
export async function eachImage(input: Tensor, steps: ImageSteps): Promise<boolean> {
  const { doing, step, signal, onProgress } = steps;
  const total = countImages(input, doing);
  for (let done = 0; done < total; done++) {
    if (signal?.aborted === true) {
      if (done > 0) return false;
      throw new PrismaError("CANCELLED", `${doing}: cancelled before the first image`);
    }
    using image = input.get([[done, done + 1]]);
    await step(image);
    onProgress?.({ done: done + 1, total });
  }
  return true;
}
