// Names of the scalar functions and the type each gives; a table of its own, so that nodes can be built by rows of the function table.

/** Result type by name: that of the (last) input, or one type always. */
export const RESULT_TYPES = {
  add: "same", sub: "same", mul: "same", div: "same", neg: "same", abs: "same", sqrt: "same",
  floor: "same", ceil: "same", round: "same", trunc: "same", min: "same", max: "same", floorDiv: "same", mod: "same",
  eq: "bool", ne: "bool", lt: "bool", le: "bool", gt: "bool", ge: "bool", isNaN: "bool", isFinite: "bool",
  and: "same", or: "same", xor: "same", not: "same", shl: "same", shr: "same", select: "same",
  sign: "same", reciprocal: "same", square: "same", rsqrt: "same", relu: "same", detach: "same",
  toF32: "f32", toI32: "i32", toU32: "u32", toBool: "bool",
  exp: "f32", log: "f32", tanh: "f32", erf: "f32", sigmoid: "f32", gelu: "f32", geluTanh: "f32", quickGelu: "f32", silu: "f32", pow: "f32",
  threefry: "u32", uniformFromBits: "f32", normalFromBits: "f32",
} as const;

/** Name of a scalar function. */
export type ScalarFunctionName = keyof typeof RESULT_TYPES;
