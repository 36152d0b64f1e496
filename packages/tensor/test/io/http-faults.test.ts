// Files over HTTP whose server or connection fails: coded errors, nothing left behind, and right values once it works.
import { init, readSafetensors, realize, type Device, type PrismaError } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  afterSize,
  alive,
  breaksAfter,
  claims,
  errorOf,
  FILE,
  good,
  HEADER_END,
  reset,
  status,
  truth,
  VALUES,
} from "./faulty-answers.ts";
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

type Fault = readonly [what: string, fault: Answer, code: string, details?: object];

const REFUSALS: readonly Fault[] = [
  ["404", status(404), "SOURCE_NOT_FOUND", { status: 404 }],
  ["410", status(410), "SOURCE_NOT_FOUND", { status: 410 }],
  ["401", status(401), "SOURCE_NOT_FOUND", { status: 401 }],
  ["403", status(403), "SOURCE_NOT_FOUND", { status: 403 }],
  ["429", status(429), "NETWORK_FAILED", { status: 429 }],
  ["500", status(500), "NETWORK_FAILED", { status: 500 }],
  ["503", status(503), "NETWORK_FAILED", { status: 503 }],
  ["a redirection to itself", status(302, { location: "/again" }), "NETWORK_FAILED"],
  ["a reset before the answer", reset, "NETWORK_FAILED"],
];

/** Of answers to a request for a range, wherever in the file it lies. */
const WRONG_PARTS: readonly Fault[] = [
  ...REFUSALS,
  ["no Content-Range", claims(() => ""), "SOURCE_TRUNCATED"],
  ["a Content-Range of other bytes", claims((b, e) => truth(b + 1, e + 1)), "SOURCE_TRUNCATED"],
  ["a Content-Range of fewer bytes", claims((b, e) => truth(b, e - 1)), "SOURCE_TRUNCATED"],
  ["a Content-Range without a size", claims((b, e) => `bytes ${b}-${e - 1}/*`), "SOURCE_TRUNCATED"],
  [
    "a file of another size by now",
    claims((b, e) => `bytes ${b}-${e - 1}/${FILE.length + 8}`),
    "SOURCE_TRUNCATED",
    { expected: FILE.length, found: FILE.length + 8 },
  ],
  ["a body that is one byte short", claims(truth, 1), "SOURCE_TRUNCATED"],
  ["no such range", status(416), "SOURCE_TRUNCATED", { status: 416 }],
  [
    "the whole of another file",
    (_, response) => response.end("<html>Sign in</html>"),
    "SOURCE_TRUNCATED",
    { expected: FILE.length, found: 20 },
  ],
  [
    "a reset within the body",
    (request, response) => {
      const { begin, end } = askedRange(request)!;
      breaksAfter(4, { "content-length": end - begin, "content-range": truth(begin, end) })(
        request,
        response,
      );
    },
    "SOURCE_TRUNCATED",
  ],
];

const WRONG_STARTS: readonly Fault[] = [
  ...REFUSALS,
  ["no Content-Range", claims(() => ""), "NETWORK_FAILED"],
  ["a Content-Range without a size", claims(() => "bytes 0-0/*"), "NETWORK_FAILED"],
  ["no such range", status(416, { "content-range": "bytes */9" }), "NETWORK_FAILED"],
  ["a page to sign in", status(200), "ST_NOT_SAFETENSORS", { guess: "an HTML page" }],
  [
    "the whole file, cut",
    breaksAfter(1000, { "content-length": FILE.length }, 200),
    "SOURCE_TRUNCATED",
  ],
  ["the whole file in chunks, cut", breaksAfter(1000, {}, 200), "SOURCE_TRUNCATED"],
];

function expectFault(error: PrismaError, [what, , code, details]: Fault): void {
  expect(error.code, what).toBe(code);
  expect(error.retryable).toBe(code === "NETWORK_FAILED");
  expect(error.details).toMatchObject(details ?? {});
}

describe("while a file is opened", () => {
  const before = WRONG_STARTS.map((fault) => [`at its first byte: ${fault[0]}`, fault] as const);
  const after = WRONG_PARTS.map(
    ([what, fault, ...rest]) =>
      [`at its header: ${what}`, [what, afterSize(fault), ...rest]] as const,
  );
  test.each<readonly [string, Fault]>([...before, ...after])("%s", async (_, fault) => {
    const start = alive();
    answer = fault[1];
    expectFault(await errorOf(readSafetensors(model())), fault);
    expect(alive()).toEqual(start);
  });

  test("a server that nobody runs", async () => {
    const gone = await serveFiles(good);
    await gone.close();
    const error = await errorOf(readSafetensors(`${gone.url}/model.safetensors`));
    expect(error.code).toBe("NETWORK_FAILED");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("a server that does not know ranges is asked once", async () => {
    answer = (_, response) => response.end(FILE);
    requests = 0;
    const { tensors } = await readSafetensors(model());
    for (const tensor of tensors.values()) {
      expect([...(await tensor.data())]).toEqual(VALUES);
      tensor.dispose();
    }
    expect(requests).toBe(1);
  });

  test("a redirection is followed", async () => {
    answer = (request, response) => {
      if (request.url?.startsWith("/moved")) return good(request, response);
      response.writeHead(307, { location: "/moved" });
      response.end();
    };
    const { tensors } = await readSafetensors(model());
    expect([...(await tensors.get("b")!.data())]).toEqual(VALUES);
    tensors.forEach((tensor) => tensor.dispose());
  });
});

describe("while values are read", () => {
  test.each<readonly [string, Fault]>(WRONG_PARTS.map((fault) => [fault[0], fault] as const))(
    "%s",
    async (_, fault) => {
      const start = alive();
      answer = good;
      const { tensors } = await readSafetensors(model());
      using a = tensors.get("a")!;
      using b = tensors.get("b")!;
      const opened = alive();
      answer = fault[1];
      expectFault(await errorOf(a.data()), fault);
      expectFault(await errorOf(realize(a, b)), fault);
      expect(alive()).toEqual(opened);
      answer = good;
      expect([...(await a.data())]).toEqual(VALUES);
      a.dispose();
      b.dispose();
      expect(alive()).toEqual(start);
    },
  );

  test("a failed read is not tried again behind the caller's back", async () => {
    answer = good;
    const { tensors } = await readSafetensors(model());
    using a = tensors.get("a")!;
    using b = tensors.get("b")!;
    answer = status(500);
    requests = 0;
    await errorOf(realize(a, b));
    await new Promise((later) => setTimeout(later, 50));
    expect(requests).toBe(2);
  });

  test("one of two tensors fails: what depends on it has no value, and works later", async () => {
    answer = good;
    const { tensors } = await readSafetensors(model());
    using a = tensors.get("a")!;
    using b = tensors.get("b")!;
    using sum = a.add(b);
    answer = (request, response) =>
      (askedRange(request)!.begin === HEADER_END ? good : status(500))(request, response);
    expect((await errorOf(sum.data())).code).toBe("NETWORK_FAILED");
    answer = good;
    expect([...(await sum.data())]).toEqual(VALUES.map((value) => 2 * value));
  });
});
