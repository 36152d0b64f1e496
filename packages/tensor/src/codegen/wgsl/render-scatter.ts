// Scatter-add in WGSL without atomics: every output element looks through the sources, in order.
import type { ScatterKernel } from "../../schedule/kernel.ts";
import { sizeOf } from "../../shape.ts";
import { splitIndex } from "./split-index.ts";
import { WORKGROUP } from "./render-map.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** `kernel` as a program. */
export function renderScatter(kernel: ScatterKernel, target: WgslTarget): WgslProgram {
  const builder = new ShaderBuilder(
    [kernel.index.buffer, kernel.source.buffer],
    [kernel.output.buffer],
    target.parts,
  );
  const shape = [...kernel.outer, kernel.targets, ...kernel.inner];
  const total = sizeOf(shape);
  const split = splitIndex(builder, "i", shape, "c");
  const axis = kernel.outer.length;
  const along = split.names.map((name, i) => (i === axis ? "k" : name));
  const zero = builder.literal(0, kernel.dtype);
  const body = [
    `  let i = block * ${WORKGROUP}u + lane;`,
    `  if (i >= ${builder.constant(total)}) { return; }`,
    split.lines,
    `  let here = ${split.names[axis]} + ${builder.constant(kernel.first)};`,
    `  var sum = ${zero};`,
    `  for (var k = 0u; k < ${builder.constant(kernel.sources)}; k++) {`,
    `    let wanted = ${builder.element(kernel.index.buffer, "i32", builder.form(kernel.index.form, along))};`,
    `    if (bitcast<u32>(wanted) == here) { sum = sum + ${builder.element(kernel.source.buffer, kernel.dtype, builder.form(kernel.source.form, along))}; }`,
    "  }",
    `  ${builder.declare(kernel.output.buffer, kernel.dtype)}[${builder.form(kernel.output.form, split.names)}] = sum;`,
  ];
  const text = builder.text(body.join("\n"), WORKGROUP);
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: Math.ceil(total / WORKGROUP),
    cost: total * kernel.sources * 4,
  };
}
