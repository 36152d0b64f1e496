// The choice of a model as signals: which one is asked, which one is on its way, how far it is, and why it could not be had.
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { garmentClasses } from "./class-sign.ts";
import { modelName, shippedModel, type ModelChoice } from "./model-choice.ts";

/** A model on its way. */
export interface Loading {
  readonly choice: ModelChoice;
  /** Bytes; null until it is known how many there are. */
  readonly progress: { readonly loaded: number; readonly total: number } | null;
}

/** What a load may use: its signal, and a place to say how far it is. */
export interface LoadHandle {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly loaded: number; readonly total: number }) => void;
}

/** Which model is asked. */
export class ModelState {
  readonly choice: Signal<ModelChoice> = signal(shippedModel);
  readonly loading: Signal<Loading | null> = signal(null);
  readonly error: Signal<string | null> = signal(null);
  /** What a model that reads texts too is asked to tell apart. */
  readonly labels: Signal<readonly string[]> = signal(garmentClasses);
  /** A Hub model that the address asks for; it is fetched only when the visitor says so. */
  readonly offered: Signal<ModelChoice | null> = signal(null);

  #stop = new AbortController();

  /** Whether the page's own model is asked. */
  get isShipped(): boolean {
    return this.choice.value.kind === "shipped";
  }

  /** Gives up the load under way. */
  cancel(): void {
    this.#stop.abort();
  }

  /** Runs `load`; when it fails, the model asked so far stays. Gives whether it succeeded. */
  async load(choice: ModelChoice, load: (handle: LoadHandle) => Promise<void>): Promise<boolean> {
    this.#stop = new AbortController();
    const { signal: stopped } = this.#stop;
    this.loading.value = { choice, progress: null };
    this.error.value = null;
    try {
      await load({
        signal: stopped,
        onProgress: (progress) => {
          if (this.loading.value?.choice === choice) this.loading.value = { choice, progress };
        },
      });
      this.choice.value = choice;
      this.offered.value = null;
      return true;
    } catch (error) {
      if (!stopped.aborted) this.error.value = `${modelName(choice)}: ${messageOf(error)}`;
      return false;
    } finally {
      this.loading.value = null;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
