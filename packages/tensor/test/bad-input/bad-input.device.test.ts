// Bad calls: each throws, or rejects with, a coded error of one short line with the facts, and leaves nothing behind.
import * as library from "@prisma/tensor";
import { currentDevice, memory, PrismaError, scope, Tensor, tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import type { BadCall, BadCalls } from "./bad-calls.ts";
import { ELEMENTWISE_CALLS } from "./elementwise-calls.ts";
import { FUNCTION_CALLS } from "./function-calls.ts";
import { MOVEMENT_CALLS } from "./movement-calls.ts";
import { REDUCTION_CALLS } from "./reduction-calls.ts";

const TABLES: readonly (readonly [name: string, calls: BadCalls])[] = [
  ["functions", FUNCTION_CALLS],
  ["elementwise", ELEMENTWISE_CALLS],
  ["reductions", REDUCTION_CALLS],
  ["movement", MOVEMENT_CALLS],
];

/** What `call` threw, or rejected with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    scope(() => {
      result = call();
    });
    result = await result;
  } catch (error) {
    return error;
  }
  return `no error, but ${String(result)}`;
}

async function expectBadCall([call, code, message]: BadCall): Promise<void> {
  const { tensors, buffers, bytes } = memory();
  const error = await errorOf(call);
  const text = String(call);
  expect(error, text).toBeInstanceOf(PrismaError);
  const { message: said } = error as PrismaError;
  expect(error, text).toMatchObject({ code, name: "PrismaError" });
  expect(said, text).toMatch(message);
  expect(said.startsWith(`${code}: `), text).toBe(true);
  expect(said.length, text).toBeLessThanOrEqual(400);
  expect(said, text).not.toMatch(/[\n\r]|\[object/);
  expect(memory(), text).toMatchObject({ buffers, bytes });
  // Fewer where what another test forgot is collected meanwhile.
  expect(memory().tensors, text).toBeLessThanOrEqual(tensors);
}

onEachDevice(() => {
  describe.each(TABLES)("%s", (_, calls) => {
    test.each(Object.entries(calls))("%s", async (__, list) => {
      for (const one of list) await expectBadCall(one);
    });
  });

  test("and the device works as before", async () => {
    using x = tensor([1, 2]);
    using y = x.add(1);
    expect(await y.array()).toEqual([2, 3]);
    expect(currentDevice().kind).toBe(library.currentDevice().kind);
  });
});

test("before init there is no device", () => {
  expect(() => currentDevice()).toThrow(expect.objectContaining({ code: "DEVICE_UNAVAILABLE" }));
  expect(() => tensor([1])).toThrow(expect.objectContaining({ code: "DEVICE_UNAVAILABLE" }));
  expect(library.maybeCurrentDevice()).toBeNull();
});

describe("nothing is forgotten", () => {
  const named = new Set(TABLES.flatMap(([, calls]) => Object.keys(calls)));

  test("every method of a tensor, and every function, has bad calls", () => {
    // Without arguments that could be bad, or tested where they are at home.
    const harmless = new Set([
      "constructor",
      "wrap",
      "operand",
      "dispose",
      "currentDevice",
      "maybeCurrentDevice",
      "memory",
      "PrismaError",
      "Tensor",
      "formatShape",
      "sameShape",
      "quoteName",
      "kindOf",
    ]);
    const methods: string[] = [];
    for (
      let type: unknown = Tensor.prototype;
      type !== Object.prototype;
      type = Object.getPrototypeOf(type)
    )
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type)))
        if (typeof value === "function") methods.push(name);
    const functions = Object.entries(library).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );
    const missing = [...methods, ...functions].filter(
      (name) => !named.has(name) && !harmless.has(name),
    );
    expect(missing).toEqual([]);
  });

  test("at least three each, where there are arguments", () => {
    const withoutArguments = new Set(Object.keys(ELEMENTWISE_CALLS));
    const few = TABLES.flatMap(([, calls]) =>
      Object.entries(calls).flatMap(([name, list]) =>
        list.length < 3 && !withoutArguments.has(name) ? [name] : [],
      ),
    );
    expect(few).toEqual([]);
  });
});
