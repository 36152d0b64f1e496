// Files over HTTP whose reading is cancelled: a coded error at once, nothing left behind, and others go on.
import type { IncomingMessage, ServerResponse } from "node:http";
import { init, readSafetensors, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { afterSize, alive, errorOf, FILE, good, truth, VALUES } from "./faulty-answers.ts";
import { askedRange, serveFiles, type Answer, type TestServer } from "./serve-files.ts";

let device: Device;
let server: TestServer;
let answer: Answer;
let requests = 0;

beforeAll(async () => {
  device = await init({ device: "wasm" });
  server = await serveFiles((request, response) => {
    requests++;
    answer(request, response);
  });
});
afterAll(async () => {
  await server.close();
  await device.dispose();
});

const model = () => `${server.url}/model.safetensors?token=secret`;

const stalls: Answer = () => undefined;
const stallsWithin: Answer = (request, response) => {
  const { begin, end } = askedRange(request)!;
  response.writeHead(206, { "content-range": truth(begin, end), "content-length": end - begin });
  response.write(FILE.subarray(begin, begin + 1));
};
/** `work` with a signal that is raised as soon as the server is asked for something. */
async function cancelAtRequest(fault: Answer, work: (signal: AbortSignal) => Promise<unknown>) {
  const controller = new AbortController();
  answer = (request: IncomingMessage, response: ServerResponse) => {
    fault(request, response);
    setTimeout(() => controller.abort(), 5);
  };
  return (await errorOf(work(controller.signal))).code;
}

test("before a file is opened, wherever it lies", async () => {
  requests = 0;
  for (const input of [model(), FILE, new Blob([FILE]), import.meta.url]) {
    const error = await errorOf(readSafetensors(input, { signal: AbortSignal.abort() }));
    expect(error.code).toBe("CANCELLED");
  }
  expect(requests).toBe(0);
});

test.each([
  ["before the answer", stalls],
  ["within the size", stallsWithin],
  ["within the header", afterSize(stallsWithin)],
])("while a file is opened, %s", async (_, fault) => {
  const start = alive();
  expect(await cancelAtRequest(fault, (signal) => readSafetensors(model(), { signal }))).toBe(
    "CANCELLED",
  );
  expect(alive()).toEqual(start);
});

test.each([
  ["before the answer", stalls],
  ["within the body", stallsWithin],
])("while values are read, %s; the next read succeeds", async (_, fault) => {
  answer = good;
  const { tensors } = await readSafetensors(model());
  using a = tensors.get("a")!;
  using b = tensors.get("b")!;
  const opened = alive();
  expect(await cancelAtRequest(fault, (signal) => a.data({ signal }))).toBe("CANCELLED");
  expect(alive()).toEqual(opened);
  answer = good;
  expect([...(await b.data())]).toEqual(VALUES);
  expect([...(await a.data())]).toEqual(VALUES);
});

test("one of two reads of a tensor: the other has the values", async () => {
  answer = good;
  const { tensors } = await readSafetensors(model());
  using a = tensors.get("a")!;
  using b = tensors.get("b")!;
  const controller = new AbortController();
  let first = true;
  answer = (request, response) => {
    if (!first) return good(request, response);
    first = false;
    setTimeout(() => controller.abort(), 5);
  };
  const cancelled = errorOf(a.data({ signal: controller.signal }));
  const sum = b.add(a);
  const values = sum.data();
  expect((await cancelled).code).toBe("CANCELLED");
  expect([...(await values)]).toEqual(VALUES.map((value) => 2 * value));
  sum.dispose();
});
