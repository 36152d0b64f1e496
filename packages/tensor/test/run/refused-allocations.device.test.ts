// Every allocation of a program is refused in turn: a coded error, nothing kept, and the next run is right.
import {
  compile,
  currentDevice,
  memory,
  PrismaError,
  realize,
  scope,
  tensor,
  uniform,
  valueAndGrad,
  type Tensor,
} from "@prisma/tensor";
import { expect, test, vi } from "vitest";
import { onEachDevice } from "../each-device.ts";

/** A small transformer block on an input that is still on the host. */
function block(x: Tensor, w: Tensor): Tensor {
  const q = x.layerNorm().matmul(w);
  const pattern = q.matmul(q.transpose()).mul(0.3).softmax();
  return x.add(pattern.matmul(q)).gelu();
}

const values = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i));
const input = (): Tensor => tensor(values, { shape: [6, 8] });
const weights = (): Tensor => uniform([8, 8], { seed: 2 });

/** Programs that give the numbers of all their results, and let go of everything they made. */
const PROGRAMS: readonly (readonly [name: string, run: () => Promise<number[]>])[] = [
  [
    "a forward pass",
    async () => {
      using result = scope(() => block(input(), weights()));
      return [...(await result.data())];
    },
  ],
  [
    "a forward pass that may be cancelled",
    async () => {
      using result = scope(() => block(input(), weights()));
      return [...(await result.data({ signal: new AbortController().signal }))];
    },
  ],
  [
    "a loss with its gradient",
    async () => {
      const { value, gradient } = scope(() =>
        valueAndGrad((w: Tensor) => block(input(), w).square().mean())(weights()),
      );
      using _ = value;
      using __ = gradient;
      await realize(value, gradient);
      return [await value.item(), ...(await gradient.data())];
    },
  ],
  [
    "a compiled function",
    async () => {
      using run = compile((x: Tensor) => block(x.add(tensor(values).reshape([6, 8])), weights()));
      using x = input();
      using result = await run(x);
      return [...(await result.data())];
    },
  ],
];

/** Lets `k - 1` allocations pass, and refuses the next; says whether it came to that. */
async function refusing(k: number, run: () => Promise<unknown>): Promise<boolean> {
  const { port } = currentDevice();
  const allocate = port.allocate.bind(port);
  let count = 0;
  const spy = vi.spyOn(port, "allocate").mockImplementation((bytes) => {
    if (++count === k) throw new PrismaError("OUT_OF_MEMORY", "refused (test)");
    return allocate(bytes);
  });
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return count >= k;
}

onEachDevice(() => {
  test.each(PROGRAMS)("%s", async (_, run) => {
    const expected = await run();
    const before = memory();
    let k = 0;
    for (let refused = true; refused;) {
      k++;
      let code = "no error";
      refused = await refusing(k, async () => {
        await run().catch((error: unknown) => {
          code = error instanceof PrismaError ? error.code : String(error);
        });
      });
      expect(code, `allocation ${k}`).toBe(refused ? "OUT_OF_MEMORY" : "no error");
      expect(memory(), `allocation ${k}`).toMatchObject({
        buffers: before.buffers,
        bytes: before.bytes,
      });
      // Fewer where what another test forgot is collected meanwhile.
      expect(memory().tensors, `allocation ${k}`).toBeLessThanOrEqual(before.tensors);
      expect(await run(), `after allocation ${k}`).toEqual(expected);
    }
    expect(k).toBeGreaterThan(5);
  });
});
