// The k largest of each row in WGSL: one invocation a row, one pass over it for each place found.
import type { TopKKernel } from "../../schedule/kernel.ts";
import { WORKGROUP } from "./render-map.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** A condition: element (a, at p) comes before element (b, at q): larger first, NaN largest, then the lower place. */
function comesBefore(
  dtype: TopKKernel["dtype"],
  a: string,
  p: string,
  b: string,
  q: string,
): string {
  if (dtype !== "f32") return `(${a} > ${b} || (${a} == ${b} && ${p} < ${q}))`;
  const both = `(p_nan(${a}) && p_nan(${b}))`;
  const larger = `((p_nan(${a}) && !p_nan(${b})) || (p_ordered(${a}, ${b}) && ${a} > ${b}))`;
  return `(${larger} || ((${both} || (p_ordered(${a}, ${b}) && ${a} == ${b})) && ${p} < ${q}))`;
}

/** `kernel` as a program. */
export function renderTopK(kernel: TopKKernel, target: WgslTarget): WgslProgram {
  const builder = new ShaderBuilder([kernel.source.buffer], [kernel.output.buffer], target.parts);
  const { dtype } = kernel;
  const element = builder.element(
    kernel.source.buffer,
    dtype,
    builder.form(kernel.source.form, ["i", "k"]),
  );
  const zero = builder.literal(0, dtype);
  const k = builder.constant(kernel.k);
  const body = [
    `  let i = block * ${WORKGROUP}u + lane;`,
    `  if (i >= ${builder.constant(kernel.rows)}) { return; }`,
    `  var last = ${zero};`,
    "  var last_place = 0xffffffffu;",
    `  for (var rank = 0u; rank < ${k}; rank++) {`,
    `    var best = ${zero};`,
    "    var place = 0xffffffffu;",
    `    for (var k = 0u; k < ${builder.constant(kernel.length)}; k++) {`,
    `      let x = ${element};`,
    `      let left = rank == 0u || ${comesBefore(dtype, "last", "last_place", "x", "k")};`,
    `      if (left && (place == 0xffffffffu || ${comesBefore(dtype, "x", "k", "best", "place")})) { best = x; place = k; }`,
    "    }",
    "    last = best;",
    "    last_place = place;",
    `    ${builder.declare(kernel.output.buffer, "i32")}[${builder.form(kernel.output.form, ["i"])} + rank] = bitcast<i32>(place);`,
    "  }",
  ];
  const text = builder.text(body.join("\n"), WORKGROUP);
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: Math.ceil(kernel.rows / WORKGROUP),
    cost: kernel.rows * kernel.length * kernel.k * 8,
  };
}
