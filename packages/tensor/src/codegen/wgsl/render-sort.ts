// Sorts in WGSL: each row by a network of comparisons (bitonic, after Batcher 1968) in the output, by one workgroup.
import type { MachineType } from "../../dtype.ts";
import type { SortKernel } from "../../schedule/kernel.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** Invocations that share a row: the most that every adapter allows. */
const LANES = 256;

/** The key of an element: an unsigned number in the order of sorting, NaN highest, both zeros equal. */
const KEYS: Readonly<Record<Exclude<MachineType, "bool">, string>> = {
  f32: `fn sort_key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (p_nan(x)) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`,
  i32: "fn sort_key(x: i32) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }",
  u32: "fn sort_key(x: u32) -> u32 { return x; }",
};

/**
 * The body. Sorted runs of `half` become runs of twice that: their elements are compared with those mirrored in the double
 * run, then at falling distances. Smaller ones always move down, so that elements beyond the row, which would be largest, need
 * not exist. The place decides between equal keys, so there are none.
 */
function body(names: {
  readonly rows: string;
  readonly length: string;
  readonly element: string;
  readonly output: string;
  readonly start: string;
  readonly lanes: number;
  readonly flip: string;
}): string {
  const { rows, length, element, output, start, lanes, flip } = names;
  const barrier = lanes === 1 ? "" : "storageBarrier();";
  return `  let row = block;
  if (row >= ${rows}) { return; }
  let length = ${length};
  let start = ${start};
  for (var i = lane; i < length; i += ${lanes}u) { ${output}[start + i] = bitcast<i32>(i); }
  ${barrier}
  for (var half = 1u; half < length; half = half * 2u) {
    for (var stride = half; stride > 0u; stride = stride / 2u) {
      let pairs = (length / (2u * stride)) * stride + min(length % (2u * stride), stride);
      for (var t = lane; t < pairs; t += ${lanes}u) {
        let low = t + (t & ~(stride - 1u));
        let high = low ^ select(stride, 2u * stride - 1u, stride == half);
        if (high < length) {
          let a = ${output}[start + low];
          let b = ${output}[start + high];
          var place = bitcast<u32>(a);
          let key_a = sort_key(${element})${flip};
          place = bitcast<u32>(b);
          let key_b = sort_key(${element})${flip};
          if (key_b < key_a || (key_b == key_a && b < a)) {
            ${output}[start + low] = b;
            ${output}[start + high] = a;
          }
        }
      }
      ${barrier}
    }
  }`;
}

/** `kernel` as a program. */
export function renderSort(kernel: SortKernel, target: WgslTarget): WgslProgram {
  const { rows, length, descending, source } = kernel;
  const dtype = kernel.dtype === "bool" ? "u32" : kernel.dtype;
  const builder = new ShaderBuilder([source.buffer], [kernel.output.buffer], target.parts);
  const lanes = target.cpu ? 1 : LANES;
  const main = body({
    rows: builder.constant(rows),
    length: builder.constant(length),
    element: builder.element(source.buffer, dtype, builder.form(source.form, ["row", "place"])),
    output: builder.declare(kernel.output.buffer, "i32"),
    start: builder.form(kernel.output.form, ["row"]),
    lanes,
    flip: descending ? " ^ 0xffffffffu" : "",
  });
  const text = builder.text(main, lanes, KEYS[dtype]);
  const passes = Math.ceil(Math.log2(Math.max(2, length))) ** 2 / 2;
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: length === 0 ? 0 : rows,
    cost: rows * length * passes * 16,
  };
}
