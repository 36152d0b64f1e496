// Call sites: errors name the line of user code that called, under `debug`; without it nothing is noted.
import { explain, init, scope, tensor, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { callIn, ownFolders } from "../../src/graph/call-site.ts";
import { PrismaError } from "../../src/errors.ts";
import { DEVICES, onEachDevice } from "../each-device.ts";

/** The line that calls this. */
function here(): number {
  const frames = new Error().stack?.split("\n").filter((line) => line.includes("call-sites."));
  return Number(/:(\d+):\d+\)?$/.exec(frames?.[1] ?? "")?.[1]);
}

const line = (place: unknown): number =>
  Number(/call-sites\.device\.test\.ts.*:(\d+):\d+$/.exec(String(place))?.[1]);

function errorOf(call: () => unknown): PrismaError {
  try {
    call();
  } catch (error) {
    if (error instanceof PrismaError) return error;
  }
  throw new Error("there was no error");
}

describe.each(DEVICES.filter(([, , present]) => present))("with debug, on %s", (_, options) => {
  let device: Device;
  beforeAll(async () => {
    device = await init({ ...options, debug: true });
  });
  afterAll(() => device.dispose());

  test("a disposed tensor says where it was made and where disposed", () => {
    const [x, made] = [tensor([1, 2]), here()];
    const [, disposed] = [x.dispose(), here()];
    const { message, details } = errorOf(() => x.add(1));
    expect([line(details["callSite"]), line(details["disposedAt"])]).toEqual([made, disposed]);
    expect(message).toMatch(
      new RegExp(`was used after dispose\\(\\) at call-sites.device.test.ts:${disposed}:`),
    );
  });

  test("a tensor that a scope let go of says where the scope was", () => {
    let lost: Tensor | undefined;
    const at = [scope(() => void (lost = tensor([1]))), here()][1];
    expect(line(errorOf(() => lost?.add(1)).details["disposedAt"])).toBe(at);
  });

  test("explain lists the calls of each kernel", () => {
    const calls: number[] = [];
    const result = scope(() => {
      const [product, first] = [tensor([[1, 2]]).matmul(tensor([[1], [2]])), here()];
      const [rest, second] = [product.gelu(), here()];
      calls.push(first, second);
      return rest;
    });
    const [kernel] = explain(result).kernels;
    expect(kernel?.callSites.map(line)).toEqual(expect.arrayContaining(calls));
    expect(String(explain(result))).toMatch(/call-sites\.device\.test\.ts/);
    result.dispose();
  });

  test("an allocation that fails names the result that needed it", async () => {
    const allocate = vi.spyOn(device.port, "allocate").mockImplementation(() => {
      throw new PrismaError("OUT_OF_MEMORY", "no room", { asked: 8 });
    });
    const [x, at] = [scope(() => tensor([1, 2]).exp()), here()];
    const error: unknown = await x.data().catch((reason: unknown) => reason);
    allocate.mockRestore();
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", details: { asked: 8 } });
    expect(line((error as PrismaError).details["callSite"])).toBe(at);
    expect(String(error)).toMatch(/no room \(for exp at call-sites\.device\.test\.ts:\d+:\d+\)/);
    x.dispose();
  });

  test("a kernel that fails names the calls it computes", async () => {
    const launch = vi.spyOn(device.port, "launch").mockImplementation(([first]) => {
      const labels = first?.labels ?? [];
      throw new PrismaError("KERNEL_FAILED", `it trapped (in ${labels.join(", ")})`, { labels });
    });
    const x = tensor([[1]]);
    const [y, first] = [x.matmul(x), here()];
    const [z, second] = [y.exp(), here()];
    const error: unknown = await z.data().catch((reason: unknown) => reason);
    launch.mockRestore();
    const { message, details } = error as PrismaError;
    expect((details["callSites"] as string[]).map(line)).toEqual(
      expect.arrayContaining([first, second]),
    );
    expect(details["labels"]).toEqual(expect.arrayContaining(["product", "exp"]));
    expect(message).toMatch(/product at call-sites\.device\.test\.ts:\d+:\d+, exp at /);
    expect(message).not.toMatch(/#/);
    [x, y, z].forEach((one) => one.dispose());
  });
});

onEachDevice(() => {
  test("without debug nothing is noted, and no stack is taken", async () => {
    const before = Error.stackTraceLimit;
    let traces = 0;
    // Whoever takes a call site sets how deep it is.
    Object.defineProperty(Error, "stackTraceLimit", {
      configurable: true,
      get: () => before,
      set: () => {
        traces++;
      },
    });
    const x = tensor([1, 2]);
    const y = scope(() => x.exp().softmax());
    const noted = [x.node.made, y.node.made];
    await y.data();
    x.dispose();
    Object.defineProperty(Error, "stackTraceLimit", {
      configurable: true,
      writable: true,
      value: before,
    });
    y.dispose();
    expect(noted).toEqual([null, null]);
    expect(traces).toBe(0);
    const { message, details } = errorOf(() => x.add(1));
    expect(message).toMatch(/was used after dispose\(\)$/);
    expect(details).toEqual({ shape: [2] });
  });
});

describe("a stack", () => {
  const own = ["/app/node_modules/@prisma/tensor/dist/"];
  const place = { file: expect.stringContaining("model.ts"), line: 12, column: 5 };
  test.each<[string, string, string | null]>([
    [
      "of V8, in Node",
      "Error\n    at new Node (file:///app/node_modules/@prisma/tensor/dist/chunk-A.js:3:4)\n    at Tensor.softmax (file:///app/node_modules/@prisma/tensor/dist/index.js:1:2)\n    at attend (file:///app/src/model.ts:12:5)\n    at node:internal/main:1:1",
      "softmax",
    ],
    [
      "of V8, at the top of a module",
      "Error\n    at log (/app/node_modules/@prisma/tensor/dist/index.js:1:2)\n    at /app/src/model.ts:12:5",
      "log",
    ],
    [
      "of V8, through callbacks of the engine",
      "Error\n    at x (/app/node_modules/@prisma/tensor/dist/index.js:1:2)\n    at Array.map (<anonymous>)\n    at Object.einsum [as product] (/app/node_modules/@prisma/tensor/dist/index.js:9:2)\n    at async run (/app/src/model.ts:12:5)",
      "einsum",
    ],
    [
      "of V8, on Windows",
      "Error\n    at matmul (C:\\app\\node_modules\\@prisma\\tensor\\dist\\index.js:1:2)\n    at C:\\app\\src\\model.ts:12:5",
      "matmul",
    ],
    [
      "of Firefox",
      "softmax@http://host/app/node_modules/@prisma/tensor/dist/index.js:1:2\nattend@http://host/app/src/model.ts?v=1:12:5\n",
      "softmax",
    ],
    [
      "of Safari",
      "@http://host/app/node_modules/@prisma/tensor/dist/index.js:1:2\nattend@http://host/app/src/model.ts:12:5",
      null,
    ],
  ])("%s", (_, stack, operation) => {
    // prettier-ignore
    const folders = [...own, `http://host${own[0]}`, `C:${own[0]}`];
    expect(callIn(stack, folders)).toEqual({ operation, place });
  });

  test("of which all is in one file tells nothing", () => {
    expect(
      callIn("Error\n    at a (/app/out.js:1:2)\n    at b (/app/out.js:3:4)", ["/app/"]),
    ).toBeNull();
    expect(callIn("", own)).toBeNull();
  });

  test.each([
    [
      "file:///app/packages/tensor/src/graph/call-site.ts",
      ["/app/packages/tensor/src/", "/app/packages/tensor/dist/"],
    ],
    ["file:///a%20b/dist/chunk-1.js", ["/a b/src/", "/a b/dist/"]],
    ["file:///C:/x/dist/index.js", ["C:/x/src/", "C:/x/dist/"]],
    ["http://host/.vite/deps/prisma.js?v=1", ["http://host/.vite/deps/"]],
  ])("is told from the library by where the library is: %s", (module, folders) => {
    // prettier-ignore
    expect(ownFolders(module)).toEqual(folders);
  });
});
