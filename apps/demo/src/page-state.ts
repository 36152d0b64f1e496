// Everything the page shows, as signals, and the few things a visitor can do to it.
import { batch, computed, effect, signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { HeadIndex } from "@prisma/viz";
import { CauseState } from "./cause-state.ts";
import type { Causes } from "./cause-state.ts";
import { paintOut } from "./compose-scene.ts";
import type { GreyPicture } from "./compose-scene.ts";
import type { DeviceKind, Engine, Reading, StartEngine } from "./engine.ts";
import type { Wardrobe } from "./garments.ts";
import { questionScenes } from "./hundred-scenes.ts";
import { MeanState } from "./mean-state.ts";
import { shippedModel, type ModelChoice } from "./model-choice.ts";
import { ModelState, type LoadHandle } from "./model-state.ts";
import { asksForRandom, hubInLink, readLink, writeLink } from "./page-link.ts";
import type { LinkState } from "./page-link.ts";
import { composed, garmentLabels, imageOf, layoutOf } from "./scene.ts";
import type { GarmentScene, Scene } from "./scene.ts";
import { exampleEdit, workedExample } from "./worked-example.ts";

interface ImageReading {
  readonly image: Blob | GreyPicture;
  readonly reading: Reading;
}

/** A reading together with the scene it is of, so that words and numbers never part. */
export interface SceneReading extends Reading {
  readonly scene: Scene;
}

/** The scene of the worked example. */
export const openingScene: GarmentScene = workedExample.scene;

/** What a page is made of: ways to start an engine, to load the garments, and its address. */
export interface PageParts {
  readonly startEngine: StartEngine;
  readonly loadWardrobe: () => Promise<Wardrobe>;
  readonly address: { search(): string; replace(search: string): void };
}

/** The state of one page. Call `open` once. */
export class PageState {
  readonly scene: Signal<Scene> = signal(openingScene);
  readonly selected: Signal<HeadIndex> = signal(exampleEdit.head);
  /** The chosen token that looks. */
  readonly query: Signal<number> = signal(0);
  /** The token under the pointer, anywhere on the page. */
  readonly hovered: Signal<number | null> = signal(null);
  /** The token whose row is shown everywhere. */
  readonly shownQuery: ReadonlySignal<number> = computed(
    () => this.hovered.value ?? this.query.value,
  );

  readonly engine: Signal<Engine | null> = signal(null);
  readonly wardrobe: Signal<Wardrobe | null> = signal(null);
  /** Whether the twin with random weights is asked instead of the trained model. */
  readonly random: Signal<boolean> = signal(false);
  readonly reading: Signal<SceneReading | null> = signal(null);
  readonly busy: Signal<boolean> = signal(true);
  /** The device being started in place of the current one. */
  readonly switchingTo: Signal<DeviceKind | null> = signal(null);

  readonly openError: Signal<string | null> = signal(null);
  readonly sceneError: Signal<string | null> = signal(null);
  readonly deviceError: Signal<string | null> = signal(null);
  readonly linkProblems: Signal<readonly string[]> = signal([]);

  /** Which model is asked. */
  readonly models: ModelState = new ModelState();
  /** What causes the answer, and the edits. */
  readonly cause: CauseState = new CauseState();
  /** The same question asked of many scenes. */
  readonly mean: MeanState = new MeanState();

  /** What causes the answer to the picture read, once that is known. */
  readonly known: ReadonlySignal<Causes | null> = computed(() => {
    const causes = this.cause.causes.value;
    return causes?.examined.logits === this.reading.value?.logits ? causes : null;
  });

  readonly #parts: PageParts;
  #latestRead = 0;
  /** The engine that was started; `engine` may be its twin. */
  #trained: Engine | null = null;
  /** The address as the page was opened with it, until the model it is of is there. */
  #opening = "";

  constructor(parts: PageParts) {
    this.#parts = parts;
  }

  /** Loads model and garments, takes the state from the address, and reads the first scene. */
  async open(): Promise<void> {
    this.openError.value = null;
    try {
      const [trained, wardrobe] = await Promise.all([
        this.#startEngine(null, shippedModel),
        this.#parts.loadWardrobe(),
      ]);
      this.#trained = trained;
      const search = this.#parts.address.search();
      const offered = hubInLink(search);
      this.models.offered.value = offered;
      if (offered !== null) this.#opening = search;
      this.random.value = offered === null && asksForRandom(search);
      this.#start(this.random.value ? await trained.twin() : trained, wardrobe);
      await this.#read(this.scene.value);
    } catch (error) {
      this.busy.value = false;
      this.openError.value = messageOf(error);
    }
  }

  /** Takes another picture in place of the current one. */
  async choose(scene: Scene): Promise<void> {
    this.scene.value = scene;
    await this.#read(scene);
  }

  /** Changes a garment or the brighter side; from a picture of one's own back to the opening scene. */
  async compose(change: Partial<Omit<GarmentScene, "kind">>): Promise<void> {
    const current = this.scene.value.kind === "garments" ? this.scene.value : openingScene;
    await this.choose({ ...current, ...change });
  }

  /** Opens another model in place of the one asked; on failure that one stays. Gives whether it is there. */
  async useModel(choice: ModelChoice): Promise<boolean> {
    const device = this.engine.value?.device.kind;
    if (device === undefined || this.models.loading.value !== null) return false;
    return this.models.load(choice, async (handle) => {
      const trained = await this.#startEngine(device, choice, handle);
      const before = this.#trained;
      this.#trained = trained;
      this.cause.stop();
      this.mean.reset();
      const search = sameModel(this.models.offered.value, choice) ? this.#opening : "";
      batch(() => {
        this.models.choice.value = choice;
        this.random.value = false;
        this.mean.shown.value = false;
        this.reading.value = null;
        this.cause.causes.value = null;
        this.engine.value = trained;
        this.#takeLink(search, trained);
      });
      before?.dispose();
      await this.#read(this.scene.value);
    });
  }

  /** Asks the trained model, or its twin with random weights. */
  async useRandom(random: boolean): Promise<void> {
    const trained = this.#trained;
    if (trained === null || this.switchingTo.value !== null || random === this.random.value) return;
    this.random.value = random;
    try {
      this.engine.value = random ? await trained.twin() : trained;
      await this.#read(this.scene.value);
    } catch (error) {
      this.random.value = !random;
      this.deviceError.value = messageOf(error);
    }
  }

  /** Shows means over a hundred scenes of the same question, or the scene again. */
  async showMean(shown: boolean): Promise<void> {
    this.mean.shown.value = shown;
    if (shown && !this.mean.complete) await this.#measureMean();
  }

  /** Starts the device afresh and reads the current scene once more, after an error. */
  async retry(): Promise<void> {
    try {
      const engine = this.engine.value;
      if (engine !== null) await this.#replaceEngine(engine.device.kind);
      await this.#read(this.scene.value);
    } catch (error) {
      this.sceneError.value = messageOf(error);
    }
  }

  /** Moves the model to another device; on failure the page stays on the one it has and says why. */
  async switchDevice(kind: DeviceKind): Promise<void> {
    if (this.switchingTo.value !== null || this.engine.value?.device.kind === kind) return;
    this.switchingTo.value = kind;
    this.deviceError.value = null;
    try {
      await this.#replaceEngine(kind);
      await this.#read(this.scene.value);
    } catch (error) {
      this.deviceError.value = switchMessage(kind, error);
    } finally {
      this.switchingTo.value = null;
    }
  }

  async #measureMean(): Promise<void> {
    const [engine, wardrobe, causes] = [
      this.engine.value,
      this.wardrobe.value,
      this.cause.causes.value,
    ];
    if (engine === null || wardrobe === null || causes === null) return;
    const { question } = causes;
    const scenes = questionScenes(
      wardrobe.garments,
      question,
      layoutOf(this.scene.value, question, wardrobe),
    );
    await this.mean.measure(
      engine,
      question,
      scenes.map((scene) => ({ pair: scene.pair, image: () => composed(scene, wardrobe) })),
    );
  }

  #startEngine(
    device: DeviceKind | null,
    model: ModelChoice,
    handle: Partial<LoadHandle> = {},
  ): Promise<Engine> {
    const labels = this.models.labels.value;
    return this.#parts.startEngine({ device, model, labels, ...handle });
  }

  /** Asks the same model to tell other labels apart; on failure the labels so far stay. */
  async useLabels(labels: readonly string[]): Promise<void> {
    const before = this.models.labels.value;
    this.models.labels.value = labels;
    if (!(await this.useModel(this.models.choice.value))) this.models.labels.value = before;
  }

  async #replaceEngine(kind: DeviceKind): Promise<Engine> {
    const before = this.#trained;
    const trained = await this.#startEngine(kind, this.models.choice.value);
    const engine = this.random.value ? await trained.twin() : trained;
    this.#trained = trained;
    this.engine.value = engine;
    before?.dispose();
    return engine;
  }

  #start(engine: Engine, wardrobe: Wardrobe): void {
    batch(() => {
      this.wardrobe.value = wardrobe;
      this.#takeLink(
        this.models.offered.value === null ? this.#parts.address.search() : "",
        engine,
      );
      this.engine.value = engine;
    });
    effect(() => this.#writeAddress());
  }

  /** Takes the state from an address; what it does not say is as the model opens. */
  #takeLink(search: string, { model }: Engine): void {
    const scene = this.scene.value.kind === "garments" ? this.scene.value : openingScene;
    const fallback: LinkState = {
      ...scene,
      selected: model.shipped ? exampleEdit.head : { layer: model.layers - 1, head: 0 },
      query: model.tokens.cls ?? model.tokens.patches[0] ?? 0,
      edits: [],
    };
    const garments = this.wardrobe.value?.garments.length ?? 0;
    const link = readLink(search, fallback, garments, model);
    const { left, right, brighter, selected, query, edits } = link.state;
    if (this.scene.value.kind === "garments")
      this.scene.value = { kind: "garments", left, right, brighter };
    this.selected.value = selected;
    this.query.value = query;
    this.cause.edits.value = edits;
    this.cause.lensLayer.value = null;
    this.linkProblems.value = link.problems;
  }

  /** Reads a scene; of several reads under way only the newest is ever shown. */
  async #read(scene: Scene): Promise<void> {
    const read = ++this.#latestRead;
    this.cause.stop();
    this.mean.reset();
    this.busy.value = true;
    this.sceneError.value = null;
    try {
      const computed = await this.#compute(scene);
      if (read !== this.#latestRead) return;
      this.reading.value = { ...computed.reading, scene };
      this.#examine(scene, computed);
    } catch (error) {
      if (read === this.#latestRead) this.#refuse(scene, error);
    } finally {
      if (read === this.#latestRead) this.busy.value = false;
    }
  }

  /** Computes a reading; a lost device is started once more before it is an error. */
  async #compute(scene: Scene): Promise<ImageReading> {
    const engine = this.engine.value;
    const wardrobe = this.wardrobe.value;
    if (engine === null || wardrobe === null) throw new Error("the page is not open yet");
    const image = await imageOf(scene, wardrobe);
    try {
      return { image, reading: await engine.read(image) };
    } catch (error) {
      if (!isDeviceLost(error)) throw error;
      this.deviceError.value = "The device was lost; starting it again.";
      const restarted = await this.#replaceEngine(engine.device.kind);
      const reading = await restarted.read(image);
      this.deviceError.value = null;
      return { image, reading };
    }
  }

  /** Goes on to what causes the answer; the page does not wait for it. */
  #examine(scene: Scene, { image, reading }: ImageReading): void {
    const [engine, wardrobe] = [this.engine.value, this.wardrobe.value];
    if (engine === null || wardrobe === null) return;
    const garments = engine.model.shipped ? garmentLabels(scene, wardrobe) : [];
    const second =
      scene.kind === "garments" && !(image instanceof Blob)
        ? paintOut(image, scene.brighter)
        : null;
    void this.cause
      .examine(engine, { image, second, garments, logits: reading.logits })
      .then(() => this.showMean(this.mean.shown.value));
  }

  /** Says why a scene could not be read. A bad picture leaves the page on the scene it shows. */
  #refuse(scene: Scene, error: unknown): void {
    this.sceneError.value = messageOf(error);
    const shown = this.reading.value;
    if (scene.kind === "picture" && shown !== null) this.scene.value = shown.scene;
    // Numbers of another scene must not stand beside this one.
    else this.reading.value = null;
  }

  #writeAddress(): void {
    const engine = this.engine.value;
    if (engine === null) return;
    const scene = this.scene.value;
    const garments =
      scene.kind === "garments"
        ? { left: scene.left, right: scene.right, brighter: scene.brighter }
        : null;
    const state = {
      selected: this.selected.value,
      query: this.query.value,
      edits: this.cause.edits.value,
    };
    // Until the visitor has said whether to fetch the model it asks for, the address stays as it was opened.
    if (this.models.offered.value !== null) return;
    this.#parts.address.replace(
      writeLink(garments, state, { ...engine.model, choice: this.models.choice.value }),
    );
  }
}

function sameModel(a: ModelChoice | null, b: ModelChoice): boolean {
  return a?.kind === "hub" && b.kind === "hub" && a.id === b.id;
}

/** Whether an error says that the device is gone, by the `kind` of the library's errors. */
function isDeviceLost(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "DEVICE_LOST";
}

/** Why a device could not be started, for somebody who has not programmed it. */
function switchMessage(kind: DeviceKind, error: unknown): string {
  const unavailable =
    error instanceof Error && "code" in error && error.code === "DEVICE_UNAVAILABLE";
  if (!unavailable || kind !== "webgpu") return messageOf(error);
  return "This browser offers no graphics adapter, so the CPU stays in use (DEVICE_UNAVAILABLE).";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
