// A small transformer block whose every activation passes a numbered place, where a test may put an operation of its own.
import { randn, type Tensor } from "@prisma/tensor";

const [TOKENS, WIDTH, HEADS, HIDDEN] = [5, 8, 2, 12] as const;

/** Weights of a block by name. */
export type BlockWeights = Readonly<Record<"wq" | "wk" | "wv" | "wo" | "w1" | "w2" | "b1", Tensor>>;

/** Sees the activation at place number `place` and returns what goes on. */
export type AtPlace = (activation: Tensor, place: number) => Tensor;

export function blockWeights(seed: number): BlockWeights {
  const make = (shape: readonly number[], i: number): Tensor =>
    randn(shape, { seed: seed * 10 + i }).mul(0.3);
  return {
    wq: make([WIDTH, WIDTH], 0),
    wk: make([WIDTH, WIDTH], 1),
    wv: make([WIDTH, WIDTH], 2),
    wo: make([WIDTH, WIDTH], 3),
    w1: make([WIDTH, HIDDEN], 4),
    w2: make([HIDDEN, WIDTH], 5),
    b1: make([HIDDEN], 6),
  };
}

/** [5, 8] tokens. */
export const blockInput = (seed: number): Tensor => randn([TOKENS, WIDTH], { seed });

const heads = (x: Tensor): Tensor => x.reshape([TOKENS, HEADS, WIDTH / HEADS]).permute([1, 0, 2]);

/** The block: [5, 8] -> [5, 8], its first token kept from looking at the last. */
export function block(x: Tensor, w: BlockWeights, visit: AtPlace = (one) => one): Tensor {
  let count = 0;
  const at = (one: Tensor): Tensor => visit(one, count++);
  const normal = at(at(x).layerNorm());
  const [q, k, v] = [w.wq, w.wk, w.wv].map((weight) => at(heads(at(normal.matmul(weight)))));
  const scores = at(q!.matmul(k!.transpose()).div(2));
  const cut = scores.set([null, 0, -1], -Infinity);
  const pattern = at(cut.softmax());
  const z = at(pattern.matmul(v!)).permute([1, 0, 2]).reshape([TOKENS, WIDTH]);
  const mid = at(at(z.matmul(w.wo)).add(x));
  const hidden = at(at(at(mid.layerNorm()).matmul(w.w1)).add(w.b1));
  const out = at(at(hidden.gelu()).matmul(w.w2));
  return at(out.add(mid));
}

/** Places that {@link block} passes. */
export const PLACES = 19;
