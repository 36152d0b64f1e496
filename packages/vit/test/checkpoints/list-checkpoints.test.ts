// Series along training: listed from folders and manifests, chosen, held against their hashes; and what is refused.
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, memory, PrismaError, type Device } from "@prisma/tensor";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { listCheckpoints, loadViT } from "../../src/index.ts";
import { goldenFolder } from "../golden-set.ts";

const golden = fileURLToPath(goldenFolder("prisma-hooked-vit"));
const FILES = ["config.json", "model_0.pth", "model_512.pth"] as const;

let device: Device;
let server: Server;
let address: string;
let folder: string;
beforeAll(async () => {
  device = await init({ device: "wasm" });
  server = createServer((request, response) => {
    const file = join(folder, decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    readFile(file).then(
      (body) => response.writeHead(200).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await device.dispose();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "series-"));
  for (const file of FILES) await copyFile(join(golden, file), join(folder, file));
});
afterEach(() => rm(folder, { recursive: true }));

async function errorOf(run: Promise<unknown>): Promise<PrismaError> {
  const error = await run.then(
    () => new Error("nothing was refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PrismaError) return error;
  throw error;
}

const hashOf = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(join(folder, file)))
    .digest("hex");

const manifest = (checkpoints: unknown, format = "prisma-checkpoints-1"): Promise<void> =>
  writeFile(join(folder, "checkpoints.json"), JSON.stringify({ format, checkpoints }));

test("a trainer's folder: by number of images, not by name", async () => {
  await mkdir(join(folder, "Checkpoints"));
  for (const samples of [64, 1024, 9])
    await copyFile(
      join(golden, "model_0.pth"),
      join(folder, "Checkpoints", `model_${samples}.pth`),
    );
  await writeFile(join(folder, "model_x.pth"), "");
  const found = await listCheckpoints(folder);
  expect(found.map(({ name, samples }) => [name, samples])).toEqual([
    ["model_0.pth", 0],
    ["Checkpoints/model_9.pth", 9],
    ["Checkpoints/model_64.pth", 64],
    ["model_512.pth", 512],
    ["Checkpoints/model_1024.pth", 1024],
  ]);
  using first = await loadViT(folder, { checkpoint: "Checkpoints/model_9.pth" });
  using zero = await loadViT(folder, { checkpoint: 0 });
  expect(await first.weightHash()).toBe(await zero.weightHash());
});

test("each checkpoint has its own weights, on disk and by URL with a manifest", async () => {
  using early = await loadViT(folder, { checkpoint: 0 });
  using late = await loadViT(new URL(`file://${folder}/`), { checkpoint: 512 });
  expect(await early.weightHash()).not.toBe(await late.weightHash());
  await manifest([
    { name: "start", samples: 0, files: ["model_0.pth"], sha256: [await hashOf("model_0.pth")] },
    { name: "end", files: ["model_512.pth"] },
  ]);
  expect(await listCheckpoints(address)).toEqual([
    { name: "start", samples: 0, files: ["model_0.pth"], sha256: [await hashOf("model_0.pth")] },
    { name: "end", samples: null, files: ["model_512.pth"], sha256: null },
  ]);
  using start = await loadViT(address, { checkpoint: "start" });
  using end = await loadViT(address, { checkpoint: "end" });
  expect(await start.weightHash()).toBe(await early.weightHash());
  expect(await end.weightHash()).toBe(await late.weightHash());
});

test("a checkpoint without config.json, when the caller says what shapes do not", async () => {
  const legacy = fileURLToPath(goldenFolder("prisma-legacy"));
  await rm(join(folder, "config.json"));
  await copyFile(join(legacy, "model_0.pth"), join(folder, "model_0.pth"));
  expect((await errorOf(loadViT(folder, { checkpoint: 0 }))).code).toBe("SOURCE_NOT_FOUND");
  const config = { transformer: { num_heads: 4 } };
  using model = await loadViT(folder, { checkpoint: 0, config });
  expect(model.config.nHeads).toBe(4);
});

test("a folder by URL without a manifest cannot be listed; a folder that is not there is said to be missing", async () => {
  const error = await errorOf(listCheckpoints(address));
  expect(error.code).toBe("SOURCE_UNLISTABLE");
  expect(error.message).toContain("checkpoints.json");
  expect((await errorOf(listCheckpoints(join(folder, "none")))).code).toBe("SOURCE_NOT_FOUND");
  expect((await errorOf(listCheckpoints(3 as never))).code).toBe("ARGUMENT_INVALID");
  expect((await errorOf(listCheckpoints(folder, { signal: AbortSignal.abort() }))).code).toBe(
    "CANCELLED",
  );
});

test("a checkpoint that is none, or several", async () => {
  const none = await errorOf(loadViT(folder, { checkpoint: 7 }));
  expect(none.code).toBe("CHECKPOINT_UNKNOWN");
  expect(none.message).toContain('"model_0.pth", "model_512.pth"');
  await mkdir(join(folder, "Checkpoints"));
  await copyFile(join(golden, "model_0.pth"), join(folder, "Checkpoints", "model_512.pth"));
  expect((await errorOf(loadViT(folder, { checkpoint: 512 }))).message).toContain("several");
  const config = { transformer: { num_heads: 4 } };
  const inMemory = loadViT({ config, weights: new Map() }, { checkpoint: 1 });
  expect((await errorOf(inMemory)).code).toBe("ARGUMENT_INVALID");
});

test("a file whose hash is another, and two files with one tensor: nothing is kept", async () => {
  const before = memory();
  await manifest([
    { name: "a", files: ["model_0.pth"], sha256: [await hashOf("model_512.pth")] },
    { name: "b", files: ["model_0.pth", "model_512.pth"] },
  ]);
  const mismatch = await errorOf(loadViT(folder, { checkpoint: "a" }));
  expect(mismatch).toMatchObject({ code: "HASH_MISMATCH", details: { file: "model_0.pth" } });
  expect((await errorOf(loadViT(folder, { checkpoint: "b" }))).code).toBe("CHECKPOINT_UNEXPECTED");
  expect(memory()).toMatchObject({ buffers: before.buffers, tensors: before.tensors });
});

const FILE = { name: "a", samples: 1, files: ["a.pth"] };
test.each<readonly [string, unknown]>([
  ["no list", {}],
  ["a checkpoint that is no object", ["a.pth"]],
  ["no name", [{ ...FILE, name: "" }]],
  ["a name twice", [FILE, FILE]],
  ["no files", [{ ...FILE, files: [] }]],
  ["a file above the folder", [{ ...FILE, files: ["../a.pth"] }]],
  ["a file above the folder, further in", [{ ...FILE, files: ["b/../../a.pth"] }]],
  ["a file by path", [{ ...FILE, files: ["/etc/passwd"] }]],
  ["a file by URL", [{ ...FILE, files: ["https://example.org/a.pth"] }]],
  ["a file of Windows", [{ ...FILE, files: ["b\\a.pth"] }]],
  ["a file that is escaped", [{ ...FILE, files: ["%2e%2e/a.pth"] }]],
  ["a file that is a number", [{ ...FILE, files: [3] }]],
  ["negative samples", [{ ...FILE, samples: -1 }]],
  ["a hash that is none", [{ ...FILE, sha256: ["abc"] }]],
  ["fewer hashes than files", [{ ...FILE, files: ["a", "b"], sha256: ["0".repeat(64)] }]],
  ["an unknown field", [{ ...FILE, url: "a" }]],
])("a manifest with %s", async (_, checkpoints) => {
  await manifest(checkpoints);
  const error = await errorOf(listCheckpoints(folder));
  expect(error.code).toBe("MANIFEST_INVALID");
});

test("a manifest of another format, that is no JSON, or no text", async () => {
  await manifest([], "prisma-checkpoints-2");
  expect((await errorOf(listCheckpoints(folder))).message).toContain('"prisma-checkpoints-1"');
  for (const content of ["{", "[]", Uint8Array.of(0xff, 0xfe)]) {
    await writeFile(join(folder, "checkpoints.json"), content);
    expect((await errorOf(listCheckpoints(folder))).code).toBe("MANIFEST_INVALID");
  }
});
