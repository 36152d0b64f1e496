// Reductions over any axes in WGSL: one invocation an output element, its inputs in order.
import type { ReduceKernel } from "../../schedule/kernel.ts";
import { buffersOf, costOf } from "../../graph/rewrite.ts";
import { sizeOf } from "../../shape.ts";
import { beats, combine, isPlace, startOf } from "./accumulate.ts";
import { splitIndex } from "./split-index.ts";
import { noValue, WORKGROUP } from "./render-map.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** `kernel` as a program. */
export function renderReduce(kernel: ReduceKernel, target: WgslTarget): WgslProgram {
  const values = kernel.stores.map((store) => store.value);
  const builder = new ShaderBuilder(
    [...buffersOf(kernel.body, ...values)],
    kernel.stores.map((store) => store.buffer),
    target.parts,
  );
  const [outer, inner] = [sizeOf(kernel.outer), sizeOf(kernel.inner)];
  const limit = builder.constant(outer);
  const at = splitIndex(builder, "i", kernel.outer, "c");
  const along = splitIndex(builder, "k", kernel.inner, "d", "    ");
  const loop = builder.block([...at.names, ...along.names], noValue, "    ");
  const { dtype } = kernel.body;
  const element = loop.value(kernel.body);
  const place = isPlace(kernel.fn);
  const step = place
    ? `if (${beats(kernel.fn, dtype, element, "best", "place")}) { best = ${element}; place = k; }`
    : `best = ${combine(kernel.fn, dtype, "best", element)};`;
  const done = builder.block(at.names, () => (place ? "result" : "best"));
  kernel.stores.forEach((store) => done.store(store));
  const body = [
    `  let i = block * ${WORKGROUP}u + lane;`,
    `  if (i >= ${limit}) { return; }`,
    at.lines,
    `  var best = ${startOf(builder, kernel.fn, dtype)};`,
    "  var place = 0xffffffffu;",
    `  for (var k = 0u; k < ${builder.constant(inner)}; k++) {`,
    along.lines,
    String(loop),
    `    ${step}`,
    "  }",
    "  let result = bitcast<i32>(place);",
    String(done),
  ];
  const text = builder.text(body.join("\n"), WORKGROUP);
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: Math.ceil(outer / WORKGROUP),
    cost: outer * inner * (6 + costOf(kernel.body)),
  };
}
