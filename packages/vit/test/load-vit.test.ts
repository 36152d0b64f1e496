// Loading over HTTP and from disk: 404, truncated bodies, files that are not what they should be, relative paths.
import { mkdtemp, readFile, rm, writeFile, copyFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, memory, PrismaError, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadViT } from "../src/index.ts";
import { goldenFolder } from "./golden-set.ts";

const folder = fileURLToPath(goldenFolder("timm-cls"));
let device: Device;
let server: Server;
let address: string;

/** Serves the golden model under several names, each with a fault of its own. */
async function answer(path: string): Promise<{ status: number; body: Buffer; length?: number }> {
  const [, fault = "", file = ""] = path.split("/");
  const body = await readFile(join(folder, file));
  if (fault === "no-weights" && file.endsWith(".safetensors"))
    return { status: 404, body: Buffer.from("<html>") };
  if (fault === "error") return { status: 503, body: Buffer.from("later") };
  if (fault === "truncated" && file.endsWith(".safetensors"))
    return { status: 200, body: body.subarray(0, 2000), length: body.length };
  if (fault === "html" && file === "config.json")
    return { status: 200, body: Buffer.from("<!doctype html>") };
  return { status: 200, body };
}

beforeAll(async () => {
  device = await init({ device: "wasm" });
  server = createServer((request, response) => {
    void answer(request.url ?? "").then(({ status, body, length }) => {
      response.writeHead(status, { "content-length": length ?? body.length });
      response.write(body, () => (length === undefined ? response.end() : response.destroy()));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await device.dispose();
});

async function errorOf(loading: Promise<unknown>): Promise<PrismaError> {
  const error = await loading.then(
    () => new Error("it loaded"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PrismaError) return error;
  throw error;
}

test("a folder by URL, with or without the last slash, and by path", async () => {
  for (const source of [
    `${address}/plain`,
    new URL(`${address}/plain/`),
    folder,
    goldenFolder("timm-cls"),
  ]) {
    using model = await loadViT(source);
    expect(model.config.nLayers).toBe(3);
  }
});

test.each([
  ["no-weights", "SOURCE_NOT_FOUND", "model.safetensors"],
  ["error", "NETWORK_FAILED", "503"],
  ["truncated", "SOURCE_TRUNCATED", "model.safetensors"],
  ["html", "CONFIG_INVALID", "not JSON"],
])("%s over HTTP", async (fault, code, names) => {
  const { buffers, tensors } = memory();
  const error = await errorOf(loadViT(`${address}/${fault}`));
  expect(error.code).toBe(code);
  expect(error.message).toContain(names);
  expect(memory()).toMatchObject({ buffers, tensors });
});

test("on disk: a missing file, an array, a megabyte of configuration", async () => {
  const own = await mkdtemp(join(tmpdir(), "vit-"));
  try {
    expect((await errorOf(loadViT(own))).code).toBe("SOURCE_NOT_FOUND");
    await copyFile(join(folder, "config.json"), join(own, "config.json"));
    expect((await errorOf(loadViT(own))).message).toContain("model.safetensors");
    await writeFile(join(own, "config.json"), "[1]");
    expect((await errorOf(loadViT(own))).message).toContain("does not hold an object");
    await writeFile(join(own, "config.json"), " ".repeat(1024 * 1024 + 1));
    expect((await errorOf(loadViT(own))).message).toContain("the limit is 1048576");
  } finally {
    await rm(own, { recursive: true });
  }
});
