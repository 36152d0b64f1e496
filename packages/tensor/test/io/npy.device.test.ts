// Npy files as NumPy writes them, read and written on every device.
import { byteSource, readNpy, scope, tensor, writeNpy } from "@prisma/tensor";
import { expect, test } from "vitest";
import { repositoryFile } from "../../../../test/repository-file.ts";
import { onEachDevice } from "../each-device.ts";

interface GoldenFile {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether `numpy.save` would write these very bytes. */
  readonly saved: boolean;
  readonly values: readonly string[];
}

async function readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = byteSource(repositoryFile(`packages/tensor/test/golden/npy/${name}`));
  return source.read(0, await source.size());
}

const files = JSON.parse(new TextDecoder().decode(await readBytes("files.json"))) as GoldenFile[];

/** A value as Python writes it. */
function parsePython(text: string): number {
  const words: Readonly<Record<string, number>> = {
    nan: Number.NaN,
    inf: Infinity,
    "-inf": -Infinity,
    True: 1,
    False: 0,
  };
  return words[text] ?? Number(text);
}

onEachDevice(() => {
  test.each(files.map((file) => [file.name, file] as const))(
    "%s",
    async (name, { shape, values }) => {
      using found = await readNpy(await readBytes(`${name}.npy`));
      expect(found.shape).toEqual(shape);
      const expected = values
        .map(parsePython)
        .map((x) => (found.dtype === "f32" ? Math.fround(x) : x));
      expect([...(await found.data())]).toEqual(expected);
    },
  );

  test("a file in Fortran order takes part in operations as any view", async () => {
    using found = await readNpy(await readBytes("u4.npy"));
    using rows = found.get([[1, 3]]);
    using twice = scope(() => rows.cast("f32").mul(2));
    expect(await twice.array()).toEqual([
      [4, 254],
      [10, 12],
    ]);
  });

  test.each(["f4", "f4-scalar", "f4-empty", "i4", "b1"])(
    "%s is written as NumPy writes it",
    async (name) => {
      const bytes = await readBytes(`${name}.npy`);
      using found = await readNpy(bytes);
      expect(files.find((file) => file.name === name)?.saved).toBe(true);
      expect(await writeNpy(found)).toEqual(bytes);
    },
  );

  test("a tensor that was computed, and a view", async () => {
    using x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    using view = scope(() => x.add(1).transpose());
    using again = await readNpy(new Blob([await writeNpy(view)]));
    expect(await again.array()).toEqual([
      [2, 5],
      [3, 6],
      [4, 7],
    ]);
  });
});
