// The hash of weights: of names, types, shapes and values, and of nothing else.
import { tensor, type Tensor } from "@prisma/tensor";
import { expect, test, vi } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { hashWeights } from "../src/weight-hash.ts";

async function hashOf(entries: readonly (readonly [string, Tensor])[]): Promise<string> {
  const hash = await hashWeights(new Map(entries));
  entries.forEach(([, one]) => one.dispose());
  return hash;
}

onEachDevice(() => {
  test("does not depend on the order of names", async () => {
    const [a, b] = [() => ["a", tensor([1, 2])] as const, () => ["b", tensor([3])] as const];
    const hash = await hashOf([a(), b()]);
    expect(await hashOf([b(), a()])).toBe(hash);
    // printf 'float32 bytes' | sha256sum of each, then of the two lines: worked out with Python's hashlib.
    expect(hash).toBe("4ee05a6eca624e1b0a89df85ddb8cf2b4a15bfe0c529df8287bcb9d47f87ffb9");
  });

  test("tells names, shapes, types and values apart", async () => {
    const hashes = [
      await hashOf([["a", tensor([1, 2])]]),
      await hashOf([["b", tensor([1, 2])]]),
      await hashOf([["a", tensor([[1, 2]])]]),
      await hashOf([["a", tensor([1, 2], { dtype: "i32" })]]),
      await hashOf([["a", tensor([1, 3])]]),
    ];
    expect(new Set(hashes).size).toBe(5);
  });

  test("says so where the page may not hash", async () => {
    vi.stubGlobal("crypto", {});
    using one = tensor([1]);
    await expect(hashWeights(new Map([["a", one]]))).rejects.toThrow(
      /^PLATFORM_UNSUPPORTED: .*https/,
    );
    vi.unstubAllGlobals();
  });
});
