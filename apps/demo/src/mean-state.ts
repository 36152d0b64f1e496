// The same question asked of many scenes: the mean of what heads write and of what cutting them does, as it comes in.
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { GreyPicture } from "./compose-scene.ts";
import type { Engine } from "./engine.ts";
import { meanOfScenes } from "./hundred-scenes.ts";
import type { SceneValues, Spread } from "./hundred-scenes.ts";
import type { Question } from "./question.ts";

/** A scene to be measured. */
export interface MeasuredScene {
  readonly pair: readonly [of: number, against: number];
  image(): Promise<GreyPicture>;
}

/** Means over the first `done` scenes. */
export interface MeanCauses {
  readonly done: number;
  readonly total: number;
  /** `[layers, heads + 1]` */
  readonly contributions: Spread;
  /** `[layers, heads]` */
  readonly effects: Spread;
}

/** Scenes between two updates of what is shown. */
const STEP = 10;

/** Whether the mean is shown instead of the scene, and how far it is. */
export class MeanState {
  readonly shown: Signal<boolean> = signal(false);
  /** Null before the first scenes are in. */
  readonly means: Signal<MeanCauses | null> = signal(null);
  readonly running: Signal<boolean> = signal(false);
  readonly error: Signal<string | null> = signal(null);

  #work = new AbortController();

  /** Whether all scenes are in, or on their way. */
  get complete(): boolean {
    const { done = 0, total = 1 } = this.means.value ?? {};
    return this.running.value || done === total;
  }

  /** What was found is forgotten. */
  reset(): void {
    this.stop();
    this.means.value = null;
    this.error.value = null;
  }

  /** Stops measuring; what was found so far stays. */
  stop(): void {
    this.#work.abort();
    this.running.value = false;
  }

  /** Measures scene after scene; edits made meanwhile are answered in between. */
  async measure(
    engine: Engine,
    question: Question,
    scenes: readonly MeasuredScene[],
  ): Promise<void> {
    this.reset();
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.running.value = true;
    const contributions: SceneValues[] = [];
    const effects: SceneValues[] = [];
    try {
      for (const { pair, image } of scenes) {
        const found = await engine.measure(await image(), question, { signal });
        contributions.push({ pair, values: found.contributions });
        effects.push({ pair, values: found.effects });
        const done = effects.length;
        if (signal.aborted) return;
        if (done % STEP === 0 || done === scenes.length)
          this.means.value = {
            done,
            total: scenes.length,
            contributions: meanOfScenes(contributions),
            effects: meanOfScenes(effects),
          };
      }
    } catch (error) {
      if (!signal.aborted)
        this.error.value = error instanceof Error ? error.message : String(error);
    } finally {
      if (!signal.aborted) this.running.value = false;
    }
  }
}
