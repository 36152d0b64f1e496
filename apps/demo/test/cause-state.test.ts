// What the causal half does when edits and pictures follow each other faster than they are computed.
import { expect, test } from "vitest";
import { CauseState } from "../src/cause-state.ts";
import type { Examined } from "../src/cause-state.ts";
import type { HeadEdit } from "../src/head-edits.ts";
import { fakeEngine, fakeExamination, fakeReading } from "./fixtures/fake-engine.ts";

const examined = (mark: number): Examined => ({
  image: { data: Uint8Array.of(mark), width: 1, height: 1 },
  second: null,
  logits: Float32Array.of(mark, 0),
  garments: [],
});
const cut = (head: number): HeadEdit => ({ kind: "cut", head: { layer: 0, head } });
const read = async () => fakeReading(1);

test("a picture is examined as it is, then with the edits, then head by head", async () => {
  const cause = new CauseState();
  await cause.examine(fakeEngine("wasm", read), examined(5));
  const shown = cause.causes.value!;
  expect(shown.question).toEqual({ of: 0, against: 1 });
  expect(shown.edited).toBe(shown.plain);
  await Promise.resolve();
  expect(cause.causes.value!.effects).toHaveLength(4);
  expect(cause.busy.value).toBe(false);
});

test("an edit shows before and after; undo and take back go back", async () => {
  const cause = new CauseState();
  await cause.examine(fakeEngine("wasm", read), examined(5));
  await cause.toggle(cut(1));
  await cause.toggle(cut(2));
  expect(cause.causes.value!.edits).toEqual([cut(1), cut(2)]);
  expect(cause.causes.value!.edited.rest).toBe(2);
  await cause.undo();
  expect(cause.causes.value!.edited.rest).toBe(1);
  await cause.toggle(cut(1));
  expect(cause.causes.value!.edited).toBe(cause.causes.value!.plain);
  await cause.toggle(cut(1));
  await cause.clear();
  expect(cause.causes.value!.edits).toEqual([]);
});

test("of edits under way only the newest is shown, whichever ends first", async () => {
  const endings: (() => void)[] = [];
  const engine = fakeEngine("wasm", read);
  const cause = new CauseState();
  await cause.examine(engine, examined(5));
  engine.examine = (_pictures, { edits }) =>
    new Promise((resolve) => endings.push(() => resolve(fakeExamination(edits.length))));
  const [first, second] = [cause.toggle(cut(1)), cause.toggle(cut(2))];
  endings[1]!();
  await second;
  endings[0]!();
  await first;
  expect(cause.causes.value!.edits).toEqual([cut(1), cut(2)]);
  expect(cause.busy.value).toBe(false);
});

test("a failure is said, and the next edit tries again", async () => {
  const engine = fakeEngine("wasm", read);
  const cause = new CauseState();
  await cause.examine(engine, examined(5));
  const works = engine.examine;
  engine.examine = () => Promise.reject(new Error("OUT_OF_MEMORY: no room"));
  await cause.toggle(cut(1));
  expect(cause.error.value).toBe("OUT_OF_MEMORY: no room");
  expect(cause.causes.value!.edits).toEqual([]);
  engine.examine = works;
  await cause.toggle(cut(2));
  expect(cause.error.value).toBeNull();
  expect(cause.causes.value!.edits).toEqual([cut(1), cut(2)]);
});
