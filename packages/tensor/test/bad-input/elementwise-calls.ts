// Bad calls of elementwise operations.
import { tensor } from "@prisma/tensor";
import { bools, each, gone, matrix, vector, type BadCall, type BadCalls } from "./bad-calls.ts";

const BINARY = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "minimum",
  "maximum",
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "logicalAnd",
  "logicalOr",
  "logicalXor",
] as const;

const binaryCalls = (name: (typeof BINARY)[number]): BadCall[] => [
  [() => matrix()[name](vector()), "SHAPE_MISMATCH", /\[2,3\] and \[4\] .* sizes 3 and 4 differ/],
  [() => tensor([[[1]], [[2]]])[name](tensor([[[1]], [[2]], [[3]]])), "SHAPE_MISMATCH", /2 and 3/],
  [() => matrix()[name]("1" as never), "ARGUMENT_INVALID", /the other operand is a string/],
  [() => matrix()[name](null as never), "ARGUMENT_INVALID", /the other operand is null/],
  [
    () => matrix()[name]([1, 2, 3] as never),
    "ARGUMENT_INVALID",
    /is an array; it must be a tensor/,
  ],
  [() => matrix()[name](true as never), "ARGUMENT_INVALID", /is a boolean/],
  [() => matrix()[name](gone()), "DISPOSED", /f32\[2\] \(gone\) was used after dispose/],
  [() => gone()[name](1), "DISPOSED", /\(gone\)/],
];

const integerCalls = (name: "floorDiv" | "remainder"): BadCall[] => [
  [() => matrix()[name](2), "DTYPE_MISMATCH", /f32 .*it takes i32, u32.*cast/],
  [() => tensor([7], { dtype: "i32" })[name](1.5), "DTYPE_MISMATCH", /f32/],
  [() => bools()[name](bools()), "DTYPE_MISMATCH", /bool/],
  [
    () => tensor([7, 8], { dtype: "i32" })[name](tensor([1, 2, 3], { dtype: "i32" })),
    "SHAPE_MISMATCH",
    /\[2\] and \[3\]/,
  ],
  [() => tensor([7], { dtype: "u32" })[name]("2" as never), "ARGUMENT_INVALID", /a string/],
];

const NUMERIC = ["abs", "sign", "square", "relu"] as const;
const numericCalls = (name: (typeof NUMERIC)[number]): BadCall[] => [
  [
    () => bools()[name](),
    "DTYPE_MISMATCH",
    new RegExp(`${name}: a tensor of bool .* f32, i32, u32`),
  ],
  [() => matrix().greater(1)[name](), "DTYPE_MISMATCH", /bool/],
  [() => gone()[name](), "DISPOSED", /\(gone\)/],
];

/** Functions that take every type: only a tensor that is gone is no good. */
const ANY = [
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "tanh",
  "sin",
  "cos",
  "erf",
  "sigmoid",
  "gelu",
  "geluTanh",
  "quickGelu",
  "silu",
  "floor",
  "ceil",
  "round",
  "isNaN",
  "isFinite",
  "logicalNot",
  "detach",
] as const;

/** All of them, by method. */
export const ELEMENTWISE_CALLS: BadCalls = {
  ...each(BINARY, binaryCalls),
  ...each(["floorDiv", "remainder"], integerCalls),
  ...each(NUMERIC, numericCalls),
  ...each(ANY, (name) => [[() => gone()[name](), "DISPOSED", /\(gone\)/]]),
  neg: [
    [() => bools().neg(), "DTYPE_MISMATCH", /neg: a tensor of bool .* f32, i32/],
    [() => tensor([1], { dtype: "u32" }).neg(), "DTYPE_MISMATCH", /u32/],
    [() => gone().neg(), "DISPOSED", /\(gone\)/],
  ],
  clamp: [
    [() => matrix().clamp(2, 1), "ARGUMENT_INVALID", /2 and 1.*not above/],
    [() => matrix().clamp(Number.NaN, 1), "ARGUMENT_INVALID", /NaN and 1/],
    [() => matrix().clamp("0" as never, 1), "ARGUMENT_INVALID", /lower bound is a string/],
    [() => matrix().clamp(0, {} as never), "ARGUMENT_INVALID", /upper bound is an object/],
    [() => matrix().cast("i32").clamp(0.5, null), "ARGUMENT_INVALID", /0.5 cannot be held .* i32/],
    [() => matrix().cast("u32").clamp(-1, null), "ARGUMENT_INVALID", /-1 cannot be held .* u32/],
    [() => bools().clamp(0, 1), "DTYPE_MISMATCH", /bool/],
  ],
  where: [
    [() => matrix().where(tensor([1, 0]), 2), "SHAPE_MISMATCH", /\[2\] and \[2,3\]/],
    [() => matrix().where(bools().unsqueeze(1), vector()), "SHAPE_MISMATCH", /\[2,3\] and \[4\]/],
    [() => matrix().where(true as never, 2), "ARGUMENT_INVALID", /the condition is a boolean/],
    [() => matrix().where(matrix(), "2" as never), "ARGUMENT_INVALID", /operand is a string/],
    [() => matrix().where(gone(), 2), "DISPOSED", /\(gone\)/],
  ],
  cast: [
    [() => matrix().cast("f64" as never), "DTYPE_UNSUPPORTED", /"f64" .* f32, f16, i32, u32, bool/],
    [() => matrix().cast("__proto__" as never), "DTYPE_UNSUPPORTED", /"__proto__"/],
    [() => matrix().cast(3 as never), "DTYPE_UNSUPPORTED", /the number 3/],
    [() => gone().cast("f32"), "DISPOSED", /\(gone\)/],
  ],
};
