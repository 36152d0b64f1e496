// Bad calls of reductions and row functions.
import { tensor, zeros } from "@prisma/tensor";
import {
  bools,
  each,
  gone,
  matrix,
  scalar,
  vector,
  type BadCall,
  type BadCalls,
} from "./bad-calls.ts";

const SEVERAL = [
  "sum",
  "prod",
  "any",
  "all",
  "mean",
  "norm",
  "logsumexp",
  "max",
  "min",
  "variance",
  "std",
] as const;
const severalCalls = (name: (typeof SEVERAL)[number]): BadCall[] => [
  [() => matrix()[name](2), "AXIS_INVALID", /axis 2 is not an axis of a tensor of rank 2/],
  [() => matrix()[name]([0, -3]), "AXIS_INVALID", /axis -3/],
  [() => matrix()[name]([1, -1]), "AXIS_INVALID", /named twice in \[1,1\]/],
  [() => matrix()[name](0.5), "AXIS_INVALID", /axis 0.5/],
  [() => matrix()[name](Number.NaN), "AXIS_INVALID", /axis NaN/],
  [() => scalar()[name](0), "AXIS_INVALID", /rank 0/],
  [() => matrix()[name]("0" as never), "ARGUMENT_INVALID", /the axes is a string|axes.*a string/],
  [() => matrix()[name](["0"] as never), "AXIS_INVALID", /axis a string/],
  [() => matrix()[name](0, true as never), "ARGUMENT_INVALID", /options are a boolean/],
  [() => matrix()[name](0, null as never), "ARGUMENT_INVALID", /options are null/],
  [
    () => matrix()[name](0, { keepdims: true } as never),
    "ARGUMENT_INVALID",
    /"keepdims".*keepDims/,
  ],
  [
    () => matrix()[name](0, { keepDims: 1 } as never),
    "ARGUMENT_INVALID",
    /keepDims is the number 1/,
  ],
  [() => gone()[name](), "DISPOSED", /\(gone\)/],
];

const ofNothing = (name: "max" | "min" | "logsumexp"): BadCall[] => [
  [() => zeros([0])[name](), "SHAPE_INVALID", new RegExp(`no ${name}`)],
  [() => zeros([2, 0])[name](1), "SHAPE_INVALID", /\[2,0\] is empty along a reduced axis/],
];

const corrected = (name: "variance" | "std"): BadCall[] => [
  [() => matrix()[name](0, { correction: -1 }), "ARGUMENT_INVALID", /correction is -1/],
  [() => matrix()[name](0, { correction: Number.NaN }), "ARGUMENT_INVALID", /correction is NaN/],
  [() => matrix()[name](0, { correction: "1" as never }), "ARGUMENT_INVALID", /is a string/],
];

const PLACES = ["argmax", "argmin"] as const;
const placeCalls = (name: (typeof PLACES)[number]): BadCall[] => [
  [() => matrix()[name](2), "AXIS_INVALID", /axis 2 .*rank 2/],
  [() => matrix()[name]([0] as never), "AXIS_INVALID", /axis an array/],
  [() => zeros([0])[name](), "SHAPE_INVALID", /\[0\] is empty/],
  [() => zeros([3, 0])[name](1), "SHAPE_INVALID", /\[3,0\]/],
  [() => bools()[name](), "DTYPE_MISMATCH", /bool/],
  [() => matrix()[name](0, { keepDim: true } as never), "ARGUMENT_INVALID", /"keepDim"/],
];

const ALONG = ["softmax", "logSoftmax", "cumsum"] as const;
const alongCalls = (name: (typeof ALONG)[number]): BadCall[] => [
  [() => matrix()[name](2), "AXIS_INVALID", /axis 2 .*rank 2/],
  [() => scalar()[name](), "AXIS_INVALID", /axis -1 .*rank 0/],
  [() => matrix()[name](1.5), "AXIS_INVALID", /axis 1.5/],
  [() => matrix()[name]("1" as never), "AXIS_INVALID", /axis a string/],
  [() => gone()[name](), "DISPOSED", /\(gone\)/],
];

const SORTS = ["sort", "argsort"] as const;
const sortCalls = (name: (typeof SORTS)[number]): BadCall[] => [
  [() => matrix()[name](2), "AXIS_INVALID", /axis 2 .*rank 2/],
  [() => scalar()[name](), "AXIS_INVALID", /axis -1 .*rank 0/],
  [() => bools()[name](), "DTYPE_MISMATCH", /bool .* f32, i32, u32/],
  [() => matrix()[name](0, { descending: "yes" as never }), "ARGUMENT_INVALID", /is a string/],
  [() => matrix()[name](0, { reverse: true } as never), "ARGUMENT_INVALID", /"reverse"/],
  [() => gone()[name](), "DISPOSED", /\(gone\)/],
];

/** All of them, by method. */
export const REDUCTION_CALLS: BadCalls = {
  ...each(SEVERAL, severalCalls),
  ...each(PLACES, placeCalls),
  ...each(ALONG, alongCalls),
  ...each(SORTS, sortCalls),
  "max, min and logsumexp of nothing": [
    ...ofNothing("max"),
    ...ofNothing("min"),
    ...ofNothing("logsumexp"),
  ],
  "softmax of nothing": [
    [() => zeros([2, 0]).softmax(), "SHAPE_INVALID", /\[2,0\]/],
    [() => zeros([0]).logSoftmax(), "SHAPE_INVALID", /\[0\]/],
    [() => bools().max(), "DTYPE_MISMATCH", /bool/],
  ],
  "variance and std, corrected": [...corrected("variance"), ...corrected("std")],
  layerNorm: [
    [() => matrix().layerNorm({ weight: vector() }), "SHAPE_MISMATCH", /must be \[3\], not \[4\]/],
    [() => matrix().layerNorm({ bias: matrix() }), "SHAPE_MISMATCH", /\[3\], not \[2,3\]/],
    [() => scalar().layerNorm(), "SHAPE_INVALID", /a scalar/],
    [() => matrix().layerNorm({ eps: -1 }), "ARGUMENT_INVALID", /eps is -1/],
    [() => matrix().layerNorm({ eps: Number.NaN }), "ARGUMENT_INVALID", /eps is NaN/],
    [() => matrix().layerNorm({ eps: "1" as never }), "ARGUMENT_INVALID", /eps is a string/],
    [
      () => matrix().layerNorm({ weight: [1, 2, 3] as never }),
      "ARGUMENT_INVALID",
      /weight is an array/,
    ],
    [() => matrix().layerNorm({ bias: null as never }), "ARGUMENT_INVALID", /bias is null/],
    [() => matrix().layerNorm({ epsilon: 1 } as never), "ARGUMENT_INVALID", /"epsilon".*eps/],
    [() => matrix().layerNorm(tensor([1]) as never), "ARGUMENT_INVALID", /options are a Tensor/],
    [() => matrix().layerNorm({ weight: gone() }), "DISPOSED", /\(gone\)/],
  ],
  topK: [
    [() => matrix().topK(4), "ARGUMENT_INVALID", /k is 4, the last axis of \[2,3\] has 3/],
    [() => matrix().topK(0), "ARGUMENT_INVALID", /k is 0/],
    [() => matrix().topK(1.5), "ARGUMENT_INVALID", /k is 1.5/],
    [() => matrix().topK("1" as never), "ARGUMENT_INVALID", /k is/],
    [() => scalar().topK(1), "ARGUMENT_INVALID", /k is 1.*0 elements/],
    [() => bools().topK(1), "DTYPE_MISMATCH", /bool/],
  ],
};
