// Another model in place of the page's own: what comes with it, what stays when it cannot be had, and links that ask for one.
import { expect, test } from "vitest";
import type { Engine, Start } from "../src/engine.ts";
import { folderModel, shippedModel, type ModelChoice } from "../src/model-choice.ts";
import { PageState } from "../src/page-state.ts";
import { fakeEngine, fakeReading, fakeWardrobe, otherModel } from "./fixtures/fake-engine.ts";

const hub: ModelChoice = { kind: "hub", id: "owner/name" };
const read: Engine["read"] = async () => fakeReading(1);

interface Opened {
  readonly page: PageState;
  readonly address: { value: string };
  readonly starts: Start[];
  readonly own: ReturnType<typeof fakeEngine>;
}

async function open(
  start: (asked: Start) => Promise<Engine> = async () => fakeEngine("wasm", read, otherModel),
  search = "",
): Promise<Opened> {
  const address = { value: search };
  const starts: Start[] = [];
  const own = fakeEngine("wasm", read);
  const page = new PageState({
    startEngine: async (asked) => {
      starts.push(asked);
      return asked.model.kind === "shipped" ? own : await start(asked);
    },
    loadWardrobe: () => Promise.resolve(fakeWardrobe),
    address: { search: () => address.value, replace: (next) => void (address.value = next) },
  });
  await page.open();
  return { page, address, starts, own };
}

test("another model is asked on the same device, and the old one is let go of", async () => {
  const { page, address, starts, own } = await open();
  await page.cause.toggle({ kind: "cut", head: { layer: 0, head: 3 } });
  expect(await page.useModel(hub)).toBe(true);
  expect(starts.at(-1)).toMatchObject({ device: "wasm", model: hub });
  expect(page.engine.value?.model.labels).toEqual(["cat", "dog", "fox"]);
  expect(own.disposed).toBe(1);
  // Edits and the chosen head were of the other model.
  expect(page.cause.edits.value).toEqual([]);
  expect(page.selected.value).toEqual({ layer: 1, head: 0 });
  expect(address.value).toContain("hub=owner/name");
  expect(page.reading.value?.logits[0]).toBe(1);
  await page.switchDevice("webgpu");
  expect(starts.at(-1)).toMatchObject({ device: "webgpu", model: hub });
  expect(await page.useModel(shippedModel)).toBe(true);
  expect(address.value).not.toContain("hub=");
});

test("a model that cannot be had leaves the page as it was, with the reason", async () => {
  const { page, own } = await open(() =>
    Promise.reject(new Error("SOURCE_NOT_FOUND: no such model")),
  );
  const [engine, shown] = [page.engine.value, page.reading.value];
  expect(await page.useModel(hub)).toBe(false);
  expect(page.models.error.value).toBe("owner/name: SOURCE_NOT_FOUND: no such model");
  expect([page.engine.value, page.reading.value]).toEqual([engine, shown]);
  expect(own.disposed).toBe(0);
  expect(page.models.choice.value).toBe(shippedModel);
});

test("a load says how far it is, and can be given up without an error", async () => {
  const { page } = await open(
    ({ signal, onProgress }) =>
      new Promise((_, reject) => {
        onProgress?.({ loaded: 1, total: 4 });
        signal?.addEventListener("abort", () => reject(new Error("CANCELLED")));
      }),
  );
  const loading = page.useModel(hub);
  expect(page.models.loading.value).toEqual({ choice: hub, progress: { loaded: 1, total: 4 } });
  expect(await page.useModel(hub), "one at a time").toBe(false);
  page.models.cancel();
  expect(await loading).toBe(false);
  expect([page.models.error.value, page.models.loading.value]).toEqual([null, null]);
});

test("a link that asks for a Hub model fetches nothing until the visitor says so", async () => {
  const search = "?hub=owner/name&head=L1H1&edits=L0H0-cut&weights=aaaabbbbcccc";
  const { page, address, starts } = await open(undefined, search);
  expect(starts.map(({ model }) => model.kind)).toEqual(["shipped"]);
  expect(page.models.offered.value).toEqual(hub);
  expect([address.value, page.linkProblems.value]).toEqual([search, []]);
  await page.useModel(page.models.offered.value!);
  expect(page.selected.value).toEqual({ layer: 1, head: 1 });
  expect(page.cause.edits.value).toEqual([{ kind: "cut", head: { layer: 0, head: 0 } }]);
  expect(page.linkProblems.value).toEqual([]);
  expect(page.models.offered.value).toBeNull();
  expect(address.value).toContain("hub=owner/name");
});

test("a chosen folder gives its own files by name", () => {
  const file = (path: string): File =>
    Object.defineProperty(new File(["x"], path.split("/").at(-1)!), "webkitRelativePath", {
      value: path,
    });
  const chosen = folderModel([file("mine/config.json"), file("mine/a/model.safetensors")]);
  expect(chosen).toMatchObject({ kind: "folder", name: "mine" });
  expect(chosen?.kind === "folder" && [...chosen.files.keys()]).toEqual(["config.json"]);
  expect(folderModel([])).toBeNull();
});
