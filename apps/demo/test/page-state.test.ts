// What the page does when things happen out of order or go wrong.
import { expect, test } from "vitest";
import type { Engine, Reading, StartEngine } from "../src/engine.ts";
import { PageState } from "../src/page-state.ts";
import { fakeEngine, fakeReading, fakeWardrobe } from "./fixtures/fake-engine.ts";

interface Opened {
  readonly page: PageState;
  readonly address: { value: string };
}

async function open(startEngine: StartEngine, search = ""): Promise<Opened> {
  const address = { value: search };
  const page = new PageState({
    startEngine,
    loadWardrobe: () => Promise.resolve(fakeWardrobe),
    address: { search: () => address.value, replace: (next) => void (address.value = next) },
  });
  await page.open();
  return { page, address };
}

/** Reads the mark out of the first pixel: the number of the left garment, or its dimmed value. */
const readMark: Engine["read"] = async (image) =>
  fakeReading(image instanceof Blob ? -1 : image.data[0]!);

const bad = new File(["x"], "bad.png");

test("the page opens on the opening scene, and the address says so", async () => {
  const { page, address } = await open(async () => fakeEngine("wasm", readMark));
  expect(page.reading.value?.logits[0]).toBe(43); // garment 78 dimmed: 0.55 * 78 = 42.9
  expect(page.busy.value).toBe(false);
  expect(address.value).toBe("?left=78&right=48&brighter=right&head=L3H2&from=CLS");
});

test("a link is followed, and what it cannot mean is said", async () => {
  const { page } = await open(
    async () => fakeEngine("wasm", readMark),
    "?left=40&brighter=left&from=0,1&head=L7H7",
  );
  expect(page.reading.value?.logits[0]).toBe(40);
  expect(page.query.value).toBe(2);
  expect(page.linkProblems.value).toHaveLength(1);
});

test("of two readings under way only the newer is shown, whichever ends first", async () => {
  const endings = new Map<number, (reading: Reading) => void>();
  const { page } = await open(async () =>
    fakeEngine("wasm", (image) =>
      image instanceof Blob || image.data[0]! < 50
        ? readMark(image)
        : new Promise((resolve) => endings.set(image.data[0]!, resolve)),
    ),
  );
  const older = page.compose({ left: 60, brighter: "left" });
  const newer = page.compose({ left: 70 });
  await Promise.resolve().then(() => new Promise((resolve) => setTimeout(resolve)));
  endings.get(70)!(fakeReading(70));
  await newer;
  endings.get(60)!(fakeReading(60));
  await older;
  expect(page.reading.value?.logits[0]).toBe(70);
  expect(page.busy.value).toBe(false);
});

test("a picture that cannot be read leaves the page on the scene it shows", async () => {
  const { page } = await open(async () =>
    fakeEngine("wasm", (image) =>
      image instanceof Blob ? Promise.reject(new Error("IMAGE_INVALID: bad.png")) : readMark(image),
    ),
  );
  const shown = page.reading.value;
  await page.choose({ kind: "picture", file: bad, name: bad.name });
  expect(page.sceneError.value).toBe("IMAGE_INVALID: bad.png");
  expect(page.scene.value.kind).toBe("garments");
  expect(page.reading.value).toBe(shown);
  await page.compose({ left: 3 });
  expect(page.sceneError.value).toBeNull();
});

test("a scene that cannot be read shows no numbers of another", async () => {
  const { page } = await open(async () =>
    fakeEngine("wasm", (image) =>
      image instanceof Blob || image.data[0]! > 50
        ? Promise.reject(new Error("broken"))
        : readMark(image),
    ),
  );
  await page.compose({ left: 60, brighter: "left" });
  expect(page.reading.value).toBeNull();
  expect(page.sceneError.value).toBe("broken");
});

test("switching devices reads again there and frees the old one", async () => {
  const cpu = fakeEngine("wasm", readMark);
  const gpu = fakeEngine("webgpu", async () => fakeReading(5));
  const { page } = await open(async ({ device }) => (device === "webgpu" ? gpu : cpu));
  await page.switchDevice("webgpu");
  expect(page.engine.value).toBe(gpu);
  expect(page.reading.value?.logits[0]).toBe(5);
  expect([cpu.disposed, gpu.disposed]).toEqual([1, 0]);
});

test("a device that is not there leaves the page where it is, with the reason", async () => {
  const cpu = fakeEngine("wasm", readMark);
  const errors = [
    Object.assign(new Error("no adapter"), { code: "DEVICE_UNAVAILABLE" }),
    new Error("INTERNAL: broken"),
  ];
  const { page } = await open(({ device }) =>
    device === "webgpu" ? Promise.reject(errors.shift()) : Promise.resolve(cpu),
  );
  await page.switchDevice("webgpu");
  expect(page.deviceError.value).toMatch(/no graphics adapter, so the CPU stays/);
  await page.switchDevice("webgpu");
  expect(page.deviceError.value).toBe("INTERNAL: broken");
  expect(page.engine.value).toBe(cpu);
  expect(cpu.disposed).toBe(0);
  expect(page.switchingTo.value).toBeNull();
});

test("the twin is asked when chosen, on the next device too, and left again", async () => {
  const { page, address } = await open(async ({ device }) =>
    fakeEngine(device ?? "wasm", readMark),
  );
  await page.useRandom(true);
  expect(page.engine.value?.model.random).toBe(true);
  expect(address.value).toContain("&model=random&");
  await page.switchDevice("webgpu");
  expect([page.engine.value?.model.random, page.engine.value?.device.kind]).toEqual([
    true,
    "webgpu",
  ]);
  await page.useRandom(false);
  expect(page.engine.value?.model.random).toBe(false);
  expect(address.value).not.toContain("model=");
});

test("a twin that cannot be drawn leaves the trained model in place, with the reason", async () => {
  const { page } = await open(async () => ({
    ...fakeEngine("wasm", readMark),
    twin: () => Promise.reject(new Error("no memory for it")),
  }));
  await page.useRandom(true);
  expect([page.random.value, page.engine.value?.model.random]).toEqual([false, false]);
  expect(page.deviceError.value).toBe("no memory for it");
});

test("the mean over scenes starts afresh with another scene, and stops where it is told", async () => {
  let measured = 0;
  const { page } = await open(async () => ({
    ...fakeEngine("wasm", readMark),
    measure: async () => {
      measured++;
      return { contributions: new Float32Array(5).fill(measured), effects: new Float32Array(4) };
    },
  }));
  await expect.poll(() => page.cause.causes.value?.effects).not.toBeNull();
  measured = 0;
  await page.showMean(true);
  expect([measured, page.mean.means.value?.done, page.mean.running.value]).toEqual([
    100,
    100,
    false,
  ]);
  expect(page.mean.means.value?.contributions.means[0]).toBe(50.5);
  const again = page.choose({ kind: "garments", left: 1, right: 2, brighter: "left" });
  expect(page.mean.means.value).toBeNull();
  await again;
  await expect.poll(() => page.mean.means.value?.done).toBeGreaterThan(0);
  page.mean.stop();
  expect(page.mean.running.value).toBe(false);
});

test("a lost device is started once more, and the scene read there", async () => {
  const lost = Object.assign(new Error("DEVICE_LOST: gone"), { kind: "DEVICE_LOST" });
  const first = fakeEngine("webgpu", () => Promise.reject(lost));
  const second = fakeEngine("webgpu", readMark);
  const engines = [first, second];
  const { page } = await open(async () => engines.shift()!);
  await expect.poll(() => page.reading.value?.logits[0]).toBe(43);
  expect(first.disposed).toBe(1);
  expect(page.engine.value).toBe(second);
  expect(page.deviceError.value).toBeNull();
});

test("a device lost twice is an error beside the scene, with no numbers", async () => {
  const lost = Object.assign(new Error("DEVICE_LOST: gone"), { kind: "DEVICE_LOST" });
  const { page } = await open(async () => fakeEngine("webgpu", () => Promise.reject(lost)));
  await expect.poll(() => page.sceneError.value).toBe("DEVICE_LOST: gone");
  expect(page.reading.value).toBeNull();
});

test("an engine that does not start can be tried again", async () => {
  let tries = 0;
  const { page } = await open(async () => {
    tries++;
    if (tries === 1) throw new Error("SOURCE_NOT_FOUND: model.safetensors");
    return fakeEngine("wasm", readMark);
  });
  expect(page.openError.value).toBe("SOURCE_NOT_FOUND: model.safetensors");
  await page.open();
  expect(page.openError.value).toBeNull();
  await expect.poll(() => page.reading.value?.logits[0]).toBe(43);
});
