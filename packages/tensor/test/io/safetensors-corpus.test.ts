// The corpus from files on disk and over HTTP, in ranges, in Node.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectCase } from "./check-case.ts";
import { titledCases } from "./safetensors-corpus.ts";
import { answerFile, askedRange, serveFiles, type TestServer } from "./serve-files.ts";

let device: Device;
let folder: string;
let server: TestServer;
/** What the server serves now, and what was asked of it. */
let served: Uint8Array;
let asked: string[];

beforeAll(async () => {
  device = await init({ device: "wasm" });
  folder = await mkdtemp(join(tmpdir(), "corpus-"));
  server = await serveFiles((request, response) => {
    const range = askedRange(request);
    asked.push(range === null ? "all" : `${range.begin}-${range.end}`);
    answerFile(served, request, response);
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
  await device.dispose();
});

/** Milliseconds for headers of up to 100 MB on a busy machine. */
const LARGE_FILES = 60_000;

test.each(titledCases)(
  "%s",
  async (_, one) => {
    const path = join(folder, `${one.id}.safetensors`);
    served = one.build();
    asked = [];
    await writeFile(path, served);
    await expectCase(one, path);
    await rm(path);
    await expectCase(one, `${server.url}/model.safetensors`);
    expect(asked).not.toContain("all");
    // Its size, its length field, its header; then each tensor once.
    const requests = 3 + (one.tensors ?? []).filter(({ bytes }) => bytes.length > 0).length;
    expect(asked.length, asked.join(" ")).toBeLessThanOrEqual(requests);
  },
  LARGE_FILES,
);
