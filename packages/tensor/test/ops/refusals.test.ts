// What operations refuse: each wrong argument by its code, at the call.
import {
  einsum,
  init,
  linspace,
  PrismaError,
  tensor,
  type Device,
  type ErrorCode,
  type Tensor,
} from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

/** [2, 3] */
const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const wrong = (value: unknown): never => value as never;

const REFUSALS: readonly (readonly [what: string, call: () => unknown, code: ErrorCode])[] = [
  ["prod over an axis there is not", () => matrix().prod(2), "AXIS_INVALID"],
  [
    "any with an option there is not",
    () => matrix().any(0, wrong({ keep: 1 })),
    "ARGUMENT_INVALID",
  ],
  ["all with a flag of text", () => matrix().all(0, wrong({ keepDims: "no" })), "ARGUMENT_INVALID"],
  ["cumsum over an axis there is not", () => matrix().cumsum(-3), "AXIS_INVALID"],
  ["cumsum of a scalar", () => tensor(1).cumsum(), "AXIS_INVALID"],
  ["sort over an axis there is not", () => matrix().sort(2), "AXIS_INVALID"],
  ["sort of bools", () => tensor([true]).sort(), "DTYPE_MISMATCH"],
  [
    "sort with a flag of text",
    () => matrix().sort(0, wrong({ descending: 1 })),
    "ARGUMENT_INVALID",
  ],
  ["argsort of a scalar", () => tensor(1).argsort(), "AXIS_INVALID"],
  ["topK of more than there are", () => matrix().topK(4), "ARGUMENT_INVALID"],
  ["topK of none", () => matrix().topK(0), "ARGUMENT_INVALID"],
  ["tril of a row", () => tensor([1, 2]).tril(), "SHAPE_INVALID"],
  ["triu from half a diagonal", () => matrix().triu(0.5), "ARGUMENT_INVALID"],
  ["split into parts of none", () => matrix().split(0), "ARGUMENT_INVALID"],
  ["split into parts of half", () => matrix().split(1.5, 1), "ARGUMENT_INVALID"],
  ["split into too little", () => matrix().split([1, 1], 1), "ARGUMENT_INVALID"],
  ["split into less than nothing", () => matrix().split([4, -1], 1), "ARGUMENT_INVALID"],
  ["split into nothing", () => matrix().split([], 1), "ARGUMENT_INVALID"],
  ["split by text", () => matrix().split(wrong("2")), "ARGUMENT_INVALID"],
  ["split along an axis there is not", () => matrix().split(1, 2), "AXIS_INVALID"],
  ["take at fractions", () => matrix().take(tensor([0.5])), "DTYPE_MISMATCH"],
  [
    "take along an axis there is not",
    () => matrix().take(tensor([0], { dtype: "i32" }), 2),
    "AXIS_INVALID",
  ],
  ["linspace to infinity", () => linspace(0, Infinity, 3), "ARGUMENT_INVALID"],
  ["linspace of half a number", () => linspace(0, 1, 2.5), "SHAPE_INVALID"],
  [
    "linspace with an option there is not",
    () => linspace(0, 1, 2, wrong({ by: 1 })),
    "ARGUMENT_INVALID",
  ],
  ["einsum without an arrow", () => einsum("ij", matrix()), "ARGUMENT_INVALID"],
  ["einsum of digits", () => einsum("1->", matrix()), "ARGUMENT_INVALID"],
  ["einsum by a number", () => einsum(wrong(3), matrix()), "ARGUMENT_INVALID"],
  ["einsum of nothing", () => einsum("->"), "ARGUMENT_INVALID"],
  ["einsum with an operand too few", () => einsum("ij,jk->ik", matrix()), "ARGUMENT_INVALID"],
  ["einsum of an array", () => einsum("i->i", wrong([1])), "ARGUMENT_INVALID"],
  [
    "einsum with a letter twice in the result",
    () => einsum("ij->ii", matrix()),
    "ARGUMENT_INVALID",
  ],
  ["einsum with a new letter", () => einsum("ij->ik", matrix()), "ARGUMENT_INVALID"],
  ["einsum with an axis too few", () => einsum("i->i", matrix()), "SHAPE_MISMATCH"],
  ["einsum with two sizes", () => einsum("ij,jk->ik", matrix(), matrix()), "SHAPE_MISMATCH"],
  ["einsum of no square's diagonal", () => einsum("ii->i", matrix()), "SHAPE_MISMATCH"],
];

test.each(REFUSALS)("%s", (_, call, code) => {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof PrismaError)) throw error ?? new Error("nothing was refused");
  expect(error.code, error.message).toBe(code);
  expect(error.message).toMatch(new RegExp(`^${code}: .{20,380}$`));
});

test("a product on the way with more than eight axes", () => {
  const five = tensor([1]).reshape([1, 1, 1, 1, 1]);
  expect(() => einsum("abcde,fghij->abcdefghij", five, five)).toThrow("SIZE_LIMIT");
});
