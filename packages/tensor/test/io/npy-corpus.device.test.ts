// Npy files that must be refused, from memory and from Blobs; and headers in other words than NumPy's own.
import { init, memory, PrismaError, readNpy, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NPY_BAD_VALUES, NPY_CASES, npyFile, type NpyCase } from "./npy-corpus.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

async function errorOf(run: () => Promise<unknown>): Promise<PrismaError> {
  const error = await run().then(
    () => new Error("it was read"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PrismaError) return error;
  throw error;
}

/** The error of `one` as it should be, on one line and not too long. */
function expectError(error: PrismaError, { code, details = {} }: NpyCase): void {
  expect(error.code, error.message).toBe(code);
  expect(error.message).toMatch(new RegExp(`^${code}: .{1,380}$`, "u"));
  expect(error.details).toMatchObject(details);
}

test.each(NPY_CASES.map((one) => [`${one.what} -> ${one.code}`, one] as const))(
  "%s",
  async (_, one) => {
    const before = memory();
    const bytes = one.build();
    expectError(await errorOf(() => readNpy(bytes)), one);
    expectError(await errorOf(() => readNpy(new Blob([bytes]))), one);
    expect(memory()).toMatchObject({ tensors: before.tensors, buffers: before.buffers });
  },
);

test.each(NPY_BAD_VALUES.map((one) => [one.what, one] as const))("%s", async (_, one) => {
  using found = await readNpy(one.build());
  expectError(await errorOf(() => found.data()), one);
});

test("a shape with spaces, other quotes, and keys in another order", async () => {
  const header = '\n{ "shape":( 2 , ),\t"fortran_order" : True ,"descr":"<f4" }  \n';
  using found = await readNpy(npyFile(header));
  expect(await found.array()).toEqual([1, 2]);
});
