// Bad calls of functions: what makes tensors, combines them, runs them, differentiates, reads and writes files.
import {
  alias,
  arange,
  byteSource,
  compile,
  concat,
  einsum,
  explain,
  eye,
  full,
  grad,
  gradientsOf,
  init,
  linspace,
  ones,
  permutation,
  randn,
  listFolder,
  readNpy,
  referenceValues,
  readTorch,
  readSafetensors,
  realize,
  scope,
  shareViews,
  stack,
  tensor,
  uniform,
  valueAndGrad,
  where,
  withGradient,
  writeNpy,
  writeSafetensors,
  zeros,
  type Tensor,
} from "@prisma/tensor";
import {
  bools,
  each,
  gone,
  indices,
  matrix,
  ofRank,
  scalar,
  vector,
  type BadCall,
  type BadCalls,
} from "./bad-calls.ts";

const endless: unknown[] = [];
endless.push(endless);
const deep = JSON.parse(`${"[".repeat(2000)}1${"]".repeat(2000)}`) as never;
const selfish: Record<string, unknown> = {};
selfish["self"] = selfish;

const SHAPED = { zeros, ones, full: (shape: never, options?: never) => full(shape, 1, options) };
const shapedCalls = (name: keyof typeof SHAPED): BadCall[] => {
  const make = SHAPED[name] as (shape: unknown, options?: unknown) => Tensor;
  return [
    [() => make([2.5]), "SHAPE_INVALID", new RegExp(`${name}: \\[2.5\\] has size 2.5`)],
    [() => make([-1]), "SHAPE_INVALID", /size -1; sizes are whole numbers of at least 0/],
    [() => make([Number.NaN]), "SHAPE_INVALID", /size NaN/],
    [() => make(["2"]), "SHAPE_INVALID", /size 2/],
    [() => make([2 ** 16, 2 ** 16]), "SIZE_LIMIT", /4294967296 elements; the limit is 2\^32 - 1/],
    [() => make([1, 1, 1, 1, 1, 1, 1, 1, 1]), "SIZE_LIMIT", /rank 9 is above 8/],
    [() => make(3), "ARGUMENT_INVALID", /the shape is the number 3; it must be an array/],
    [() => make(null), "ARGUMENT_INVALID", /the shape is null/],
    [() => make([2], { dtype: "f64" }), "DTYPE_UNSUPPORTED", /"f64" .* f32, f16, i32, u32, bool/],
    [() => make([2], { device: "wasm" }), "ARGUMENT_INVALID", /the device is a string; .*init/],
    [
      () => make([2], { type: "f32" }),
      "ARGUMENT_INVALID",
      /no option "type"; there is dtype, device/,
    ],
    [() => make([2], "i32"), "ARGUMENT_INVALID", /the options are a string/],
  ];
};

const RANDOM = { uniform, randn };
const randomCalls = (name: keyof typeof RANDOM): BadCall[] => {
  const make = RANDOM[name] as (shape: unknown, options?: unknown) => Tensor;
  return [
    [() => make([2], { seed: -1 }), "ARGUMENT_INVALID", /seed is -1; .* 0 to 2\^53 - 1/],
    [() => make([2], { seed: 0.5 }), "ARGUMENT_INVALID", /seed is 0.5/],
    [() => make([2], { seed: 2 ** 53 }), "ARGUMENT_INVALID", /seed is 9007199254740992/],
    [() => make([2], { seed: "1" }), "ARGUMENT_INVALID", /seed is 1/],
    [() => make([2], {}), "ARGUMENT_INVALID", /seed is/],
    [() => make([2], 7), "ARGUMENT_INVALID", /options are the number 7/],
    [() => make([2], { seed: 1, dtype: "i32" }), "ARGUMENT_INVALID", /no option "dtype"/],
    [() => make([2.5], { seed: 1 }), "SHAPE_INVALID", /2.5/],
    [() => make("2", { seed: 1 }), "ARGUMENT_INVALID", /shape is a string/],
  ];
};

const CREATION: BadCalls = {
  ...each(["zeros", "ones", "full"], shapedCalls),
  ...each(["uniform", "randn"], randomCalls),
  "full, its value": [
    [() => full([2], "1" as never), "ARGUMENT_INVALID", /value is a string/],
    [() => full([2], 0.5, { dtype: "i32" }), "ARGUMENT_INVALID", /0.5 cannot be held .* i32/],
    [() => full([2], -1, { dtype: "u32" }), "ARGUMENT_INVALID", /-1 cannot be held .* u32/],
    [() => full([2], -1e5, { dtype: "f16" }), "ARGUMENT_INVALID", /-100000 cannot be held .* f16/],
    [() => full([2], 2, { dtype: "bool" }), "ARGUMENT_INVALID", /2 cannot be held .* bool/],
    [() => full([2], Number.NaN, { dtype: "i32" }), "ARGUMENT_INVALID", /NaN cannot be held/],
  ],
  tensor: [
    [() => tensor([[1, 2], [3]]), "SHAPE_INVALID", /ragged at depth 1/],
    [() => tensor([[1], 2] as never), "SHAPE_INVALID", /ragged at depth 1/],
    [() => tensor([1, "2"] as never), "ARGUMENT_INVALID", /values are a string/],
    [() => tensor("12" as never), "ARGUMENT_INVALID", /values are a string/],
    [() => tensor(null as never), "ARGUMENT_INVALID", /values are null/],
    [() => tensor({ length: 2 } as never), "ARGUMENT_INVALID", /values are an object/],
    [() => tensor([null] as never), "ARGUMENT_INVALID", /values are null/],
    [() => tensor([true, 2]), "ARGUMENT_INVALID", /numbers and booleans mixed/],
    [() => tensor(new BigInt64Array(2) as never), "ARGUMENT_INVALID", /a BigInt64Array/],
    [() => tensor(new DataView(new ArrayBuffer(4)) as never), "ARGUMENT_INVALID", /a DataView/],
    [() => tensor(endless as never), "SIZE_LIMIT", /rank 9 is above 8/],
    [() => tensor(deep), "SIZE_LIMIT", /rank 9/],
    [() => tensor([1, 65520], { dtype: "f16" }), "ARGUMENT_INVALID", /65520 cannot be held .* f16/],
    [() => tensor([1.5], { dtype: "i32" }), "ARGUMENT_INVALID", /1.5 cannot be held .* i32/],
    [() => tensor([Number.NaN], { dtype: "i32" }), "ARGUMENT_INVALID", /NaN cannot be held/],
    [() => tensor([1, -1], { dtype: "u32" }), "ARGUMENT_INVALID", /-1 cannot be held .* u32/],
    [() => tensor([2 ** 31], { dtype: "i32" }), "ARGUMENT_INVALID", /2147483648 cannot/],
    [() => tensor([1, 2, 3], { shape: [2, 2] }), "SHAPE_MISMATCH", /3 values .* \[2,2\], .* 4/],
    [() => tensor([1], { shape: [1.5] }), "SHAPE_INVALID", /1.5/],
    [() => tensor([1], { shape: 1 as never }), "ARGUMENT_INVALID", /shape is the number 1/],
    [() => tensor([1], { dtype: "float32" as never }), "DTYPE_UNSUPPORTED", /"float32"/],
    [() => tensor([1], { device: {} as never }), "ARGUMENT_INVALID", /device is an object/],
    [() => tensor([1], [1] as never), "ARGUMENT_INVALID", /options are an array/],
  ],
  arange: [
    [() => arange(2.5), "ARGUMENT_INVALID", /0 to 2.5: both must be whole/],
    [() => arange(5, 2), "ARGUMENT_INVALID", /5 to 2/],
    [() => arange(-1), "ARGUMENT_INVALID", /0 to -1/],
    [() => arange(0, Infinity), "ARGUMENT_INVALID", /Infinity/],
    [() => arange("3" as never), "ARGUMENT_INVALID", /whole numbers/],
    [() => arange(2 ** 31, 2 ** 31 + 2), "ARGUMENT_INVALID", /2\^31/],
    [() => arange(3, undefined, { dtype: "int" as never }), "DTYPE_UNSUPPORTED", /"int"/],
  ],
  linspace: [
    [() => linspace(0, Infinity, 3), "ARGUMENT_INVALID", /0 to Infinity/],
    [() => linspace("0" as never, 1, 3), "ARGUMENT_INVALID", /finite numbers/],
    [() => linspace(0, 1, 2.5), "SHAPE_INVALID", /size 2.5/],
    [() => linspace(0, 1, -1), "SHAPE_INVALID", /size -1/],
    [() => linspace(0, 1, 3, { dtype: "f64" as never }), "DTYPE_UNSUPPORTED", /"f64"/],
    [() => linspace(0, 1, 3, 4 as never), "ARGUMENT_INVALID", /options are the number 4/],
  ],
  permutation: [
    [() => permutation(2.5, { seed: 1 }), "SHAPE_INVALID", /size 2.5/],
    [() => permutation(3, { seed: -1 }), "ARGUMENT_INVALID", /seed is -1/],
    [() => permutation(3, undefined as never), "ARGUMENT_INVALID", /options are undefined/],
    [() => permutation(3, { seed: 1, sede: 2 } as never), "ARGUMENT_INVALID", /"sede"/],
  ],
  eye: [
    [() => eye(2.5), "SHAPE_INVALID", /2.5/],
    [() => eye(-1), "SHAPE_INVALID", /-1/],
    [() => eye([2] as never), "SHAPE_INVALID", /sizes are whole/],
    [() => eye(2 ** 16), "SIZE_LIMIT", /4294967296/],
    [() => eye(2, { dtpye: "i32" } as never), "ARGUMENT_INVALID", /"dtpye"/],
  ],
};

const COMBINATION: BadCalls = {
  einsum: [
    [() => einsum("ij,jk", matrix(), matrix()), "ARGUMENT_INVALID", /"ij,jk"/],
    [() => einsum("ij,jk->iz", matrix(), matrix()), "ARGUMENT_INVALID", /"z" of the result/],
    [
      () => einsum("ij,jk->ii", matrix(), matrix()),
      "ARGUMENT_INVALID",
      /"i" is in the result twice/,
    ],
    [() => einsum("ij,jk->ik", matrix(), matrix()), "SHAPE_MISMATCH", /"j" is 2, but 3/],
    [
      () => einsum("ijk,jk->ik", matrix(), matrix()),
      "SHAPE_MISMATCH",
      /\[2,3\].*"ijk" names 3 axes/,
    ],
    [() => einsum("ii->", matrix()), "SHAPE_MISMATCH", /"i" is 3, but 2/],
    [() => einsum("i,i->", vector()), "ARGUMENT_INVALID", /2 operands, 1 tensors/],
    [() => einsum(3 as never, matrix(), matrix()), "ARGUMENT_INVALID", /equation is the number 3/],
    [() => einsum("i,i->", vector(), [1] as never), "ARGUMENT_INVALID", /operand 2 .* is an array/],
    [() => einsum("i,i->", gone(), vector()), "DISPOSED", /\(gone\)/],
    [() => einsum("abcdefgh,i->abcdefghi", ofRank(8), vector()), "SIZE_LIMIT", /rank 9 is above 8/],
  ],
  where: [
    [() => where(bools(), matrix(), 1), "SHAPE_MISMATCH", /\[2\] and \[2,3\]/],
    [() => where(bools(), vector(), matrix()), "SHAPE_MISMATCH", /\[4\] and \[2,3\]/],
    [() => where(true as never, 1, 2), "ARGUMENT_INVALID", /the condition is a boolean/],
    [() => where(bools(), "1" as never, 2), "ARGUMENT_INVALID", /a choice is a string/],
    [() => where(bools(), 1, null as never), "ARGUMENT_INVALID", /a choice is null/],
  ],
  concat: [
    [() => concat([matrix(), vector()]), "SHAPE_MISMATCH", /\[2,3\] and \[4\] differ/],
    [() => concat([matrix(), matrix()], 2), "AXIS_INVALID", /axis 2/],
    [() => concat([scalar(), scalar()]), "AXIS_INVALID", /rank 0/],
    [() => concat([]), "ARGUMENT_INVALID", /no tensors/],
    [() => concat(matrix() as never), "ARGUMENT_INVALID", /array of tensors/],
    [
      () => concat([matrix(), [1, 2, 3]] as never),
      "ARGUMENT_INVALID",
      /one of the tensors is an array/,
    ],
    [() => concat([gone()]), "DISPOSED", /\(gone\)/],
  ],
  stack: [
    [() => stack([matrix(), vector()]), "SHAPE_MISMATCH", /\[2,3\] and \[4\] differ/],
    [() => stack([vector()], 2), "AXIS_INVALID", /axis 2/],
    [() => stack([]), "ARGUMENT_INVALID", /no tensors/],
    [() => stack("ab" as never), "ARGUMENT_INVALID", /array of tensors/],
    [() => stack([ofRank(8)]), "SIZE_LIMIT", /rank 9/],
  ],
  referenceValues: [
    [() => referenceValues(3 as never), "ARGUMENT_INVALID", /referenceValues/],
    [() => referenceValues([3 as never]), "ARGUMENT_INVALID", /one of the tensors is the number 3/],
    [() => referenceValues([gone()]), "DISPOSED", /\(gone\)/],
  ],
  withGradient: [
    [() => withGradient(3 as never, () => undefined), "ARGUMENT_INVALID", /tensor is the number 3/],
    [() => withGradient(vector(), 3 as never), "ARGUMENT_INVALID", /the number 3 .*not a function/],
    [() => withGradient(gone(), () => undefined), "DISPOSED", /\(gone\)/],
    [
      () => grad((x: Tensor) => withGradient(x, () => scalar()).sum())(vector()),
      "SHAPE_MISMATCH",
      /withGradient: the gradient is f32\[4\], the function made it f32\[\]/,
    ],
  ],
  alias: [
    [() => alias(3 as never), "ARGUMENT_INVALID", /the tensor is the number 3/],
    [() => alias(null as never), "ARGUMENT_INVALID", /null/],
    [() => alias(gone()), "DISPOSED", /\(gone\)/],
  ],
};

const RUNS: BadCalls = {
  realize: [
    [() => realize(3 as never), "ARGUMENT_INVALID", /one of the tensors is the number 3/],
    [() => realize([matrix()] as never), "ARGUMENT_INVALID", /is an array/],
    [() => realize(matrix(), gone()), "DISPOSED", /\(gone\)/],
  ],
  shareViews: [
    [() => shareViews(null as never), "ARGUMENT_INVALID", /null/],
    [() => shareViews([matrix()] as never), "ARGUMENT_INVALID", /an array/],
    [() => shareViews(gone()), "DISPOSED", /\(gone\)/],
  ],
  explain: [
    [() => explain("x" as never), "ARGUMENT_INVALID", /a string/],
    [() => explain([matrix()] as never), "ARGUMENT_INVALID", /an array/],
    [() => explain(gone()), "DISPOSED", /\(gone\)/],
  ],
  ...each(["data", "array", "realize"], (name): BadCall[] => [
    [() => matrix()[name](null as never), "ARGUMENT_INVALID", /options are null/],
    [() => matrix()[name](5 as never), "ARGUMENT_INVALID", /options are the number 5/],
    [() => matrix()[name]({ signal: 1 } as never), "ARGUMENT_INVALID", /signal is the number 1/],
    [() => matrix()[name]({ abort: 1 } as never), "ARGUMENT_INVALID", /"abort"; there is signal/],
    [() => matrix()[name]({ signal: AbortSignal.abort() }), "CANCELLED", /cancelled/],
    [() => gone()[name](), "DISPOSED", /\(gone\)/],
  ]),
  item: [
    [() => matrix().item(), "SHAPE_INVALID", /\[2,3\], with 6 elements instead of 1/],
    [() => zeros([0]).item(), "SHAPE_INVALID", /\[0\], with 0 elements/],
    [() => scalar().item("x" as never), "ARGUMENT_INVALID", /a string/],
    [() => gone().item(), "SHAPE_INVALID", /\[2\]/],
  ],
  scope: [
    [() => scope(3 as never), "ARGUMENT_INVALID", /the number 3 was given, not a function/],
    [() => scope(undefined as never), "ARGUMENT_INVALID", /not a function/],
    [() => scope(async () => matrix()), "ARGUMENT_INVALID", /returned a promise/],
  ],
  compile: [
    [() => compile(null as never), "ARGUMENT_INVALID", /null was given, not a function/],
    [() => compile((f: unknown) => f)(Math.sin), "HOOK_IN_COMPILE", /a function/],
    [() => compile((x: unknown) => x)(new Set()), "ARGUMENT_INVALID", /a Set/],
    [() => compile((x: Tensor) => x)(gone()), "DISPOSED", /\(gone\)/],
    [() => compile(() => matrix().matmul(matrix()))(), "SHAPE_MISMATCH", /matmul/],
  ],
  init: [
    [() => init(null as never), "ARGUMENT_INVALID", /options are null/],
    [() => init({ device: "gpu" as never }), "ARGUMENT_INVALID", /device is "gpu"/],
    [() => init({ device: {} as never }), "ARGUMENT_INVALID", /device is an object/],
    [() => init({ device: 3 as never }), "ARGUMENT_INVALID", /device is the number 3/],
    [() => init({ device: "wasm", threads: 0 }), "ARGUMENT_INVALID", /threads is 0/],
    [
      () => init({ device: "wasm", debug: "yes" as never }),
      "ARGUMENT_INVALID",
      /debug is a string; it must be true or false/,
    ],
    [
      () => init({ device: "wasm", debug: 1 as never }),
      "ARGUMENT_INVALID",
      /debug is the number 1/,
    ],
    [() => init({ device: "wasm", threads: 1.5 }), "ARGUMENT_INVALID", /threads is 1.5/],
    [() => init({ device: "wasm", threads: "2" as never }), "ARGUMENT_INVALID", /threads is 2/],
    [
      () => init({ device: "wasm", worker: "w.js" as never }),
      "ARGUMENT_INVALID",
      /worker is a string/,
    ],
    [() => init({ devise: "wasm" } as never), "ARGUMENT_INVALID", /"devise"/],
  ],
};

const square = (x: Tensor): Tensor => x.square();
const DIFFERENTIATED = { grad, valueAndGrad };
const differentiated = (name: keyof typeof DIFFERENTIATED): BadCall[] => {
  const of = DIFFERENTIATED[name] as (f: unknown) => (...args: unknown[]) => unknown;
  return [
    [() => of(3), "ARGUMENT_INVALID", /the number 3 was given, not a function/],
    [() => of(square)(matrix()), "NOT_DIFFERENTIABLE", /one f32 number, not f32\[2,3\]/],
    [() => of((x: Tensor) => x.argmax())(vector()), "NOT_DIFFERENTIABLE", /not i32\[\]/],
    [() => of(() => 3)(vector()), "ARGUMENT_INVALID", /what the function returned is the number 3/],
    [() => of((x: Tensor) => x.sum())(indices()), "NOT_DIFFERENTIABLE", /an argument is i32/],
    [() => of(square)(3), "ARGUMENT_INVALID", /the number 3/],
    [() => of(square)("ab"), "ARGUMENT_INVALID", /a string/],
    [() => of(square)({ w: null }), "ARGUMENT_INVALID", /null/],
    [() => of(square)(selfish), "ARGUMENT_INVALID", /holds itself/],
    [() => of((x: Tensor) => x.sum())(gone()), "DISPOSED", /\(gone\)/],
  ];
};

const GRADIENTS: BadCalls = {
  ...each(["grad", "valueAndGrad"], differentiated),
  gradientsOf: [
    [() => gradientsOf(matrix(), []), "NOT_DIFFERENTIABLE", /f32\[2,3\]/],
    [() => gradientsOf(scalar(), 3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => gradientsOf(scalar(), [3] as never), "ARGUMENT_INVALID", /one of the tensors/],
    [() => gradientsOf(3 as never, []), "ARGUMENT_INVALID", /the output is the number 3/],
  ],
};

const asMap = (entries: Record<string, unknown>): never =>
  new Map(Object.entries(entries)) as never;

const FILES: BadCalls = {
  byteSource: [
    [() => byteSource(3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => byteSource(null as never), "ARGUMENT_INVALID", /null/],
    [() => byteSource({} as never), "ARGUMENT_INVALID", /an object/],
  ],
  readSafetensors: [
    [() => readSafetensors(3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => readSafetensors(new Uint8Array(3)), "ST_TOO_SHORT", /3 bytes/],
    [() => readSafetensors(new Uint8Array(8), { rank: -1 }), "ARGUMENT_INVALID", /rank is -1/],
    [
      () => readSafetensors(new Uint8Array(8), { dtype: "bool" as never }),
      "DTYPE_UNSUPPORTED",
      /readSafetensors: dtype is "bool"; .* f32 or f16/,
    ],
    [
      () => readSafetensors(new Uint8Array(8), null as never),
      "ARGUMENT_INVALID",
      /options are null/,
    ],
    [
      () => readSafetensors(new Uint8Array(8), { strict: true } as never),
      "ARGUMENT_INVALID",
      /"strict"; there is headerBytes/,
    ],
    [
      () => readSafetensors(new Uint8Array(8), { device: "wasm" as never }),
      "ARGUMENT_INVALID",
      /device is a string/,
    ],
  ],
  listFolder: [
    [() => listFolder(3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => listFolder(null as never), "ARGUMENT_INVALID", /null/],
    [() => listFolder(["models"] as never), "ARGUMENT_INVALID", /an array/],
  ],
  readTorch: [
    [() => readTorch(3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => readTorch(new Uint8Array(12)), "PT_NOT_TORCH", /no PyTorch checkpoint/],
    [() => readTorch(new Uint8Array(12), { depth: -1 }), "ARGUMENT_INVALID", /depth is -1/],
    [
      () => readTorch(new Uint8Array(12), { strict: true } as never),
      "ARGUMENT_INVALID",
      /"strict"/,
    ],
    [
      () => readTorch(new Uint8Array(12), { dtype: "i32" as never }),
      "DTYPE_UNSUPPORTED",
      /readTorch: dtype is "i32"; .* f32 or f16/,
    ],
    [() => readTorch(new Uint8Array(12), { device: "wasm" as never }), "ARGUMENT_INVALID", /./],
    [
      () => readTorch(new Uint8Array(12), { signal: AbortSignal.abort() }),
      "CANCELLED",
      /reading was cancelled/,
    ],
  ],
  readNpy: [
    [() => readNpy(3 as never), "ARGUMENT_INVALID", /the number 3/],
    [() => readNpy(new Uint8Array(12)), "NPY_NOT_NPY", /no npy file/],
    [() => readNpy(new Uint8Array(12), { type: "f32" } as never), "ARGUMENT_INVALID", /"type"/],
    [
      () => readNpy(new Uint8Array(12), { dtype: "i32" as never }),
      "DTYPE_UNSUPPORTED",
      /readNpy: dtype is "i32"; .* f32 or f16/,
    ],
    [
      () => readNpy(new Uint8Array(12), { device: "wasm" as never }),
      "ARGUMENT_INVALID",
      /device is a string/,
    ],
    [
      () => readNpy(new Uint8Array(12), { signal: AbortSignal.abort() }),
      "CANCELLED",
      /reading was cancelled/,
    ],
  ],
  writeNpy: [
    [() => writeNpy([1, 2] as never), "ARGUMENT_INVALID", /given is an array/],
    [() => writeNpy(null as never), "ARGUMENT_INVALID", /given is null/],
    [() => writeNpy(gone()), "DISPOSED", /\(gone\)/],
  ],
  writeSafetensors: [
    [() => writeSafetensors({ w: matrix() } as never), "ARGUMENT_INVALID", /tensors are an object/],
    [
      () => writeSafetensors(asMap({ w: [1] })),
      "ARGUMENT_INVALID",
      /one of the tensors is an array/,
    ],
    [() => writeSafetensors(new Map([[3, matrix()]]) as never), "ARGUMENT_INVALID", /a name is/],
    [
      () => writeSafetensors(new Map(), asMap({ a: 3 })),
      "ARGUMENT_INVALID",
      /metadata is the number 3/,
    ],
    [() => writeSafetensors(new Map(), {} as never), "ARGUMENT_INVALID", /metadata are an object/],
    [() => writeSafetensors(asMap({ __metadata__: scalar() })), "ST_NAME_INVALID", /__metadata__/],
    [() => writeSafetensors(asMap({ w: gone() })), "DISPOSED", /\(gone\)/],
  ],
};

/** All of them, by function; `data`, `array`, `item` and `realize` by method. */
export const FUNCTION_CALLS: BadCalls = {
  ...CREATION,
  ...COMBINATION,
  ...RUNS,
  ...GRADIENTS,
  ...FILES,
};
