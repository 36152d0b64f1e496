// PyTorch checkpoints that must be refused, from memory and by ranges; and odd ones that are read.
import { byteSource, init, memory, PrismaError, readTorch, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryFile } from "../../../../test/repository-file.ts";
import { TORCH_ARCHIVES } from "./corpus/torch-archive-cases.ts";
import { goodTorch, type TorchCase } from "./corpus/torch-case.ts";
import { doublingTuples, TORCH_PICKLES } from "./corpus/torch-pickle-cases.ts";
import { filesOf, global, pickle, storage, tensorCall, zip } from "./corpus/torch-file.ts";

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

function expectError(error: PrismaError, { code, details = {} }: TorchCase): void {
  expect(error.code, error.message).toBe(code);
  expect(error.message).toMatch(new RegExp(`^${code}: .{1,380}$`, "u"));
  expect(error.details).toMatchObject(details);
}

test.each(
  [...TORCH_ARCHIVES, ...TORCH_PICKLES].map((one) => [`${one.what} -> ${one.code}`, one] as const),
)("%s", async (_, one) => {
  const before = memory();
  const bytes = one.build();
  expectError(await errorOf(() => readTorch(bytes, one.limits)), one);
  expectError(await errorOf(() => readTorch(new Blob([bytes]), one.limits)), one);
  expect(memory()).toMatchObject({ tensors: before.tensors, buffers: before.buffers });
});

test("the file that they are faults of is read, with a 64-bit end and 64-bit sizes too", async () => {
  const files = filesOf(pickle(tensorCall()));
  const wide = files.map((file) => ({ ...file, zip64: true, localExtra: 13 }));
  for (const bytes of [goodTorch(), zip(files, { end64: true }), zip(wide, { end64: true })]) {
    const file = await readTorch(bytes);
    const tensor = file.tensors.get("w") ?? file.value;
    expect(await (tensor as { array(): Promise<unknown> }).array()).toEqual([1, 2]);
    file.dispose();
  }
});

test("tuples that share one another are walked once", async () => {
  const { value } = await readTorch(doublingTuples(28));
  expect(value).toHaveLength(29);
});

test("a storage whose header lies is found when it is read", async () => {
  const [data, order, values] = filesOf(pickle(tensorCall()));
  if (!data || !order || !values) throw new Error("three files");
  for (const [lie, code] of [
    [{ ...values, localName: "archive/data/1" }, "PT_ZIP_INVALID"],
    [
      { ...values, localExtra: 0, method: 0, size: 8, data: new Uint8Array(8).subarray(4) },
      "PT_ZIP_OVERLAP",
    ],
  ] as const) {
    const files = [data, order, lie, { name: "archive/data/1" }];
    const bytes = zip(files);
    const error = await errorOf(async () => {
      const file = await readTorch(bytes);
      try {
        return await (file.value as { data(): Promise<unknown> }).data();
      } finally {
        file.dispose();
      }
    });
    expect(error.code).toBe(code);
  }
});

test("values that cannot be held are refused when they are read", async () => {
  const large = tensorCall({
    storage: storage("0", 1, global("torch", "LongStorage")),
    shape: [1],
  });
  const integers = await readTorch(zip(filesOf(pickle(large))));
  const range = await errorOf(() => (integers.value as { data(): Promise<unknown> }).data());
  expect(range.code).toBe("PT_VALUE_RANGE");
  integers.dispose();
  const complex = tensorCall({
    storage: storage("0", 1, global("torch", "ComplexFloatStorage")),
    shape: [1],
  });
  const file = await readTorch(zip(filesOf(pickle(complex))));
  const error = await errorOf(() => (file.value as { data(): Promise<unknown> }).data());
  expect(error.code).toBe("PT_DTYPE_UNSUPPORTED");
  file.dispose();
});

test("what torch.save wrote before 1.6 is refused with the way out", async () => {
  const path = repositoryFile("packages/tensor/test/golden/torch/before-1.6.pt");
  const error = await errorOf(() => readTorch(path));
  expect(error.code).toBe("PT_LEGACY_FORMAT");
  expect(error.message).toContain("torch.save(torch.load(path");
});

test("every byte of a checkpoint changed, and every length it could be cut to, is read or refused by code", async () => {
  const source = byteSource(repositoryFile("packages/tensor/test/golden/torch/trainer.pth"));
  const good = await source.read(0, await source.size());
  const other: unknown[] = [];
  let refused = 0;
  const read = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    try {
      (await readTorch(bytes)).dispose();
    } catch (error) {
      if (error instanceof PrismaError) refused++;
      else other.push(error);
    }
  };
  for (let i = 0; i < good.length; i++) {
    const changed = good.slice();
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
    await read(changed);
    if (i % 16 === 0) await read(good.slice(0, i));
  }
  expect(other).toEqual([]);
  expect(refused).toBeGreaterThan(good.length / 4);
});

test("a signal that is aborted", async () => {
  const error = await errorOf(() => readTorch(goodTorch(), { signal: AbortSignal.abort() }));
  expect(error.code).toBe("CANCELLED");
});
