// PyTorch checkpoints as torch.save writes them, read on every device: values, views, shared data, plain values.
import { byteSource, memory, readTorch, Tensor, type TorchValue } from "@prisma/tensor";
import { expect, test } from "vitest";
import { repositoryFile } from "../../../../test/repository-file.ts";
import { onEachDevice } from "../each-device.ts";

/** A value as `torch.load` read it from the same file. */
type Described =
  | null
  | boolean
  | number
  | string
  | readonly Described[]
  | { readonly pairs: readonly (readonly [key: string | number, value: Described])[] }
  | { readonly integer: string }
  | { readonly shape: readonly number[]; readonly values: readonly string[] };

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  "-inf": -Infinity,
  True: 1,
  False: 0,
};

async function readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = byteSource(repositoryFile(`packages/tensor/test/golden/torch/${name}`));
  return source.read(0, await source.size());
}

const files = JSON.parse(new TextDecoder().decode(await readBytes("files.json"))) as {
  readonly name: string;
  readonly value: Described;
}[];

/** `value` as the files' list has it, with numbers for the texts of its tensors. */
async function describedAs(value: TorchValue): Promise<unknown> {
  if (value instanceof Tensor) return { shape: value.shape, values: [...(await value.data())] };
  if (typeof value === "bigint") return { integer: String(value) };
  if (value instanceof Map) {
    const pairs: unknown[] = [];
    for (const [key, one] of value) pairs.push([key, await describedAs(one)]);
    return { pairs };
  }
  if (!Array.isArray(value)) return value;
  const items: unknown[] = [];
  for (const one of value) items.push(await describedAs(one));
  return items;
}

/** Texts of tensors as numbers. */
function parsed(value: Described): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(parsed);
  if ("pairs" in value) return { pairs: value.pairs.map(([key, one]) => [key, parsed(one)]) };
  if ("integer" in value || !("shape" in value)) return value;
  return { shape: value.shape, values: value.values.map((text) => WORDS[text] ?? Number(text)) };
}

onEachDevice(() => {
  test.each(files.map((file) => [file.name, file] as const))(
    "%s holds what torch.load reads from it",
    async (name, { value }) => {
      const before = memory().buffers;
      const file = await readTorch(await readBytes(name));
      expect(await describedAs(file.value)).toEqual(parsed(value));
      file.dispose();
      expect(memory().buffers).toBe(before);
    },
  );

  test("the state dict of a trainer's checkpoint, and halves of one that DataParallel wrapped", async () => {
    const trained = await readTorch(await readBytes("trainer.pth"));
    expect([...trained.tensors.keys()]).toEqual(["weight", "bias"]);
    const wrapped = await readTorch(await readBytes("wrapped.pt"), { dtype: "f16" });
    expect([...wrapped.tensors.keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect(wrapped.tensors.get("1.weight")?.dtype).toBe("f16");
    expect(await wrapped.tensors.get("1.weight")?.array()).toEqual([1, 1]);
    trained.dispose();
    wrapped.dispose();
  });

  test("a view of a checkpoint takes part in operations as any other", async () => {
    const file = await readTorch(await readBytes("views.pt"));
    using twice = file.tensors.get("corner")!.mul(2);
    expect(await twice.array()).toEqual([
      [
        [10, 34],
        [18, 42],
      ],
      [
        [12, 36],
        [20, 44],
      ],
    ]);
    file.dispose();
  });

  test("a tensor reads its own bytes and no others", async () => {
    const whole = byteSource(await readBytes("views.pt"));
    const reads: number[] = [];
    const file = await readTorch({
      name: "watched",
      size: () => whole.size(),
      read: (begin, end) => {
        reads.push(end - begin);
        return whole.read(begin, end);
      },
    });
    const opened = reads.length;
    await file.tensors.get("tail")?.data();
    // The header of the storage's file within the archive, and half of its 24 float32.
    expect(reads.slice(opened)).toEqual([expect.any(Number), 48]);
    expect(reads[opened]).toBeLessThan(100);
    await file.tensors.get("base")?.data();
    // Of a whole storage both come with one request.
    expect(reads.slice(opened + 2)).toEqual([expect.any(Number)]);
    file.dispose();
  });
});
