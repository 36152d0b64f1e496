// What causes the answer, and what edits of heads change: the causal half of the page as signals.
import type { AttentionKind } from "@prisma/analysis";
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { GreyPicture } from "./compose-scene.ts";
import type { Engine, Examination, ModelFacts } from "./engine.ts";
import { editKey, toggleEdit } from "./head-edits.ts";
import type { HeadEdit } from "./head-edits.ts";
import { questionOf } from "./question.ts";
import type { Question } from "./question.ts";

/** A picture that was read: the pixels given to the model, and a second picture to patch from. */
export interface Examined {
  readonly image: Blob | GreyPicture;
  /** The same with its brighter garment painted out; null for a picture of the visitor's own. */
  readonly second: GreyPicture | null;
  readonly logits: Float32Array;
  /** Classes of the garments in it. */
  readonly garments: readonly number[];
}

/** What causes the answer to one picture: with the model as it is, and with edits. */
export interface Causes {
  readonly examined: Examined;
  /** The model that was asked. */
  readonly model: ModelFacts;
  readonly question: Question;
  readonly plain: Examination;
  /** The edits, and what the model does with them; the same as `plain` when there are none. */
  readonly edits: readonly HeadEdit[];
  readonly edited: Examination;
  /** Change of the margin when a head of the model as it is is cut, `[layers, heads]`; null until it is known. */
  readonly effects: Float32Array | null;
}

/** Edits, and what they cause in the picture last read. */
export class CauseState {
  /** In the order they were made. */
  readonly edits: Signal<readonly HeadEdit[]> = signal([]);
  readonly causes: Signal<Causes | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  /** Heads cut so far, of how many; null while none are being cut. */
  readonly sweep: Signal<{ readonly done: number; readonly total: number } | null> = signal(null);
  readonly error: Signal<string | null> = signal(null);
  /** What the attention figures show. */
  readonly attention: Signal<AttentionKind> = signal("pattern");
  /** The lens shown: 0 reads the embeddings, each next one the stream after another layer. */
  readonly lensLayer: Signal<number | null> = signal(null);

  #engine: Engine | null = null;
  #examined: Examined | null = null;
  #latest = 0;
  #sweep = new AbortController();

  /** Gives up the long work of the picture so far, so that the next one need not wait for it. */
  stop(): void {
    this.#sweep.abort();
    this.#latest++;
    this.busy.value = false;
  }

  /** Makes an edit, or takes it back when it is there. */
  async toggle(edit: HeadEdit): Promise<void> {
    this.edits.value = toggleEdit(this.edits.value, edit);
    await this.#examineEdits();
  }

  /** Takes back the edit made last. */
  async undo(): Promise<void> {
    this.edits.value = this.edits.value.slice(0, -1);
    await this.#examineEdits();
  }

  /** Takes back all edits. */
  async clear(): Promise<void> {
    this.edits.value = [];
    await this.#examineEdits();
  }

  /** Shows attention in another measure. */
  async measureAttention(kind: AttentionKind): Promise<void> {
    this.attention.value = kind;
    await this.#examineEdits();
  }

  /** Examines a picture that was just read, the model as it is first. Of several under way only the newest is shown. */
  async examine(engine: Engine, examined: Examined): Promise<void> {
    this.#engine = engine;
    this.#examined = examined;
    const question = questionOf(examined.logits, examined.garments);
    this.#sweep = new AbortController();
    const { signal } = this.#sweep;
    await this.#latestOnly(async (isLatest) => {
      const edits = this.edits.value;
      const attention = this.attention.value;
      const plain = await engine.examine(examined, { question, edits: [], attention });
      const edited =
        edits.length === 0 ? plain : await engine.examine(examined, { question, edits, attention });
      if (!isLatest()) return;
      const { model } = engine;
      this.causes.value = { examined, model, question, plain, edits, edited, effects: null };
      void this.#sweepHeads(engine, examined, { question, signal });
    });
  }

  /** Cuts head by head; meanwhile edits may be made. */
  async #sweepHeads(
    engine: Engine,
    examined: Examined,
    { question, signal }: { readonly question: Question; readonly signal: AbortSignal },
  ): Promise<void> {
    try {
      const onProgress = (progress: { readonly done: number; readonly total: number }): void => {
        if (!signal.aborted) this.sweep.value = progress;
      };
      this.sweep.value = null;
      const { effects } = await engine.measure(examined.image, question, { signal, onProgress });
      const shown = this.causes.value;
      if (!signal.aborted && shown?.examined === examined)
        this.causes.value = { ...shown, effects };
    } catch (error) {
      if (!signal.aborted) this.error.value = messageOf(error);
    }
  }

  async #examineEdits(): Promise<void> {
    const [engine, examined, shown] = [this.#engine, this.#examined, this.causes.value];
    if (engine === null || examined === null || shown?.examined !== examined) return;
    const [edits, attention, { question }] = [this.edits.value, this.attention.value, shown];
    await this.#latestOnly(async (isLatest) => {
      const plain =
        shown.plain.attention.kind === attention
          ? shown.plain
          : await engine.examine(examined, { question, edits: [], attention });
      const edited =
        edits.length === 0 ? plain : await engine.examine(examined, { question, edits, attention });
      const now = this.causes.value;
      if (isLatest() && now?.examined === examined)
        this.causes.value = { ...now, plain, edits, edited };
    });
  }

  async #latestOnly(work: (isLatest: () => boolean) => Promise<void>): Promise<void> {
    const turn = ++this.#latest;
    const isLatest = (): boolean => turn === this.#latest;
    this.busy.value = true;
    this.error.value = null;
    try {
      await work(isLatest);
    } catch (error) {
      if (isLatest()) this.error.value = messageOf(error);
    } finally {
      if (isLatest()) this.busy.value = false;
    }
  }
}

/** Whether an edit is among those made. */
export function isMade(edits: readonly HeadEdit[], edit: HeadEdit): boolean {
  return edits.some((one) => editKey(one) === editKey(edit));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
