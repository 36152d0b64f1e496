// Chooses the page's opening example among the shipped scenes, and its controls: `pnpm choose:example` writes src/worked-example.json.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { editHooks, eraseRegion, loadModel, patchActivations, testImage } from "@prisma/analysis";
import { init, type Tensor } from "@prisma/tensor";
import { editKey } from "../src/head-edits.ts";
import type { WorkedExample } from "../src/worked-example.ts";

/** Least margin, in logits, before and after: neither answer may hang by a thread. */
const LEAST_MARGIN = 1;
/** Other scenes that the same head is patched from. */
const OTHER_SOURCES = 20;

interface Scene {
  readonly file: string;
  readonly left: number;
  readonly right: number;
  readonly brighter: "left" | "right";
  readonly label: number;
  readonly other: number;
  readonly predicted: number;
}

/** A head whose patch turns the answer of a scene. */
interface Candidate {
  readonly scene: Scene;
  readonly layer: number;
  readonly head: number;
  readonly before: number;
  readonly after: number;
  /** Margin after a patch of each head, `[layers, heads]`. */
  readonly heads: Float32Array;
}

const folder = fileURLToPath(new URL("../public/models/garment-scenes-vit/", import.meta.url));
const output = fileURLToPath(new URL("../src/worked-example.json", import.meta.url));

await init({ device: "wasm", threads: 1 });
const model = await loadModel(folder);
const scenes: readonly Scene[] = JSON.parse(readFileSync(`${folder}scenes/scenes.json`, "utf8"));

/** A scene, and the same with its brighter garment painted out. */
async function picturesOf(scene: Scene): Promise<{ clean: Tensor; corrupted: Tensor }> {
  const path = `${folder}scenes/${scene.file}`;
  const { input: clean, images } = await model.preprocess(path, { details: true });
  const [seen] = images;
  if (seen === undefined) throw new Error(`${scene.file} was not read`);
  const { width, height } = seen.picture;
  const left = scene.brighter === "left" ? 0 : width / 2;
  const erased = eraseRegion(seen.picture, { left, top: 0, width: width / 2, height }, { fill: 0 });
  return { clean, corrupted: await model.preprocess(erased) };
}

/** Patches every head of one scene from the painted-out one. */
async function patchHeads(scene: Scene): Promise<Candidate[]> {
  const { clean, corrupted } = await picturesOf(scene);
  const { values, baselines } = await patchActivations(
    model,
    { clean, corrupted },
    { what: "z", by: "head", into: "clean", target: [scene.label, scene.other] },
  );
  [clean, corrupted].forEach((picture) => picture.dispose());
  const heads = values.values;
  return Array.from(heads, (after, at) => ({
    scene,
    layer: Math.floor(at / model.config.nHeads),
    head: at % model.config.nHeads,
    before: baselines.clean.values[0] ?? Number.NaN,
    after,
    heads,
  }));
}

/** Margin of a candidate's question when its head is patched from another scene, painted out. */
async function marginFrom(candidate: Candidate, source: Scene): Promise<number> {
  const { clean, corrupted } = await picturesOf(candidate.scene);
  const other = await picturesOf(source);
  const name = `blocks.${candidate.layer}.attn.hook_z`;
  const edit = { name, heads: [candidate.head], kind: "from", source: "other" } as const;
  using made = await editHooks(model, [edit], { from: { other: other.corrupted } });
  using logits = model.runWithHooks(clean, { hooks: made.hooks });
  const values = await logits.data();
  [clean, corrupted, other.clean, other.corrupted].forEach((picture) => picture.dispose());
  const { label, other: against } = candidate.scene;
  return (values[label] ?? Number.NaN) - (values[against] ?? Number.NaN);
}

const strength = ({ before, after }: Candidate): number => Math.min(before, -after);

const right = scenes.filter(
  ({ label, other, predicted }) => predicted === label && label !== other,
);
const candidates: Candidate[] = [];
for (const scene of right) candidates.push(...(await patchHeads(scene)));
const [best, second] = candidates
  .filter((candidate) => strength(candidate) >= LEAST_MARGIN)
  .sort((a, b) => strength(b) - strength(a));
if (best === undefined) throw new Error(`no head turns an answer by ${LEAST_MARGIN} both ways`);

const others = right.filter((scene) => scene !== best.scene).slice(0, OTHER_SOURCES);
const margins: number[] = [];
for (const source of others) margins.push(await marginFrom(best, source));
const { left, right: rightGarment, brighter, file } = best.scene;
const round = (value: number): number => Number(value.toFixed(3));
const example: WorkedExample = {
  weights: await model.weightHash(),
  file,
  scene: { kind: "garments", left, right: rightGarment, brighter },
  edit: editKey({ kind: "patch", head: { layer: best.layer, head: best.head } }),
  before: round(best.before),
  after: round(best.after),
  otherHeads: Array.from(best.heads, round),
  otherSources: { count: others.length, turned: margins.filter((margin) => margin < 0).length },
};
writeFileSync(output, `${JSON.stringify(example, null, 2)}\n`);
const say = ({ scene, layer, head, before, after }: Candidate): string =>
  `${scene.file}, L${layer}H${head}: ${before.toFixed(2)} to ${after.toFixed(2)}`;
console.log(`chosen: ${say(best)}`);
console.log(second === undefined ? "there is no runner-up" : `runner-up: ${say(second)}`);
console.log(`other sources turn ${example.otherSources.turned} of ${others.length}`);
const { top } = await testImage(model, `${folder}scenes/${file}`, { k: 2 });
console.log(top.map(({ label, logit }) => `${label} ${logit.toFixed(2)}`).join(", "));
