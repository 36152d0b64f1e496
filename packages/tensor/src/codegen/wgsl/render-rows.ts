// Row programs in WGSL: a row is one invocation's on a CPU adapter, a workgroup's on a GPU.
import type { RowsKernel, RowStep } from "../../schedule/kernel.ts";
import { buffersOf, costOf } from "../../graph/rewrite.ts";
import { sizeOf } from "../../shape.ts";
import { beats, combine, isPlace, startOf } from "./accumulate.ts";
import { splitIndex } from "./split-index.ts";
import { WORKGROUP } from "./render-map.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

const valueName = (id: number): string => `r${id}`;

/** Writes the steps and stores of one kernel; `lanes` invocations share a row. */
class RowsWriter {
  readonly lines: string[] = [];
  readonly globals = new Set<string>();

  constructor(
    readonly kernel: RowsKernel,
    readonly builder: ShaderBuilder,
    readonly lanes: number,
    readonly outer: readonly string[],
    readonly length: string,
  ) {}

  /** A loop over this invocation's elements; `k` is the element's place in the row. */
  #loop(body: string): void {
    const [start, step] = this.lanes === 1 ? ["0u", "1u"] : ["lane", `${this.lanes}u`];
    this.lines.push(`  for (var k = ${start}; k < ${this.length}; k += ${step}) {`, body, "  }");
  }

  step(step: RowStep): void {
    const { builder } = this;
    const { dtype } = step.body;
    const best = `a${step.id}`;
    const place = `p${step.id}`;
    const block = builder.block([...this.outer, "k"], valueName, "    ");
    const element = block.value(step.body);
    this.lines.push(
      `  var ${best} = ${startOf(builder, step.fn, dtype)};`,
      `  var ${place} = 0xffffffffu;`,
    );
    const take = isPlace(step.fn)
      ? `if (${beats(step.fn, dtype, element, best, place)}) { ${best} = ${element}; ${place} = k; }`
      : `${best} = ${combine(step.fn, dtype, best, element)};`;
    this.#loop(`${block}\n    ${take}`);
    if (this.lanes > 1) this.#meet(step, best, place);
    this.lines.push(
      isPlace(step.fn)
        ? `  let ${valueName(step.id)} = bitcast<i32>(${place});`
        : `  let ${valueName(step.id)} = ${best};`,
    );
  }

  /** Brings the lanes' accumulators together in a fixed tree. */
  #meet(step: RowStep, best: string, place: string): void {
    const { dtype } = step.body;
    const type = dtype === "bool" ? "u32" : dtype;
    this.globals.add(`var<workgroup> W_${type}: array<${type}, ${this.lanes}>;`);
    const places = isPlace(step.fn);
    if (places) this.globals.add(`var<workgroup> W_place: array<u32, ${this.lanes}>;`);
    const shared = `W_${type}`;
    const other = `${shared}[lane + half]`;
    // Of two lanes the one with the lower place wins a tie: its elements come first.
    const better = `(${beats(step.fn, dtype, other, best, place)} || (${other} == ${best} && W_place[lane + half] < ${place}))`;
    const takeOther = places
      ? `if (W_place[lane + half] != 0xffffffffu && ${better}) { ${best} = ${other}; ${place} = W_place[lane + half]; }`
      : `${best} = ${combine(step.fn, dtype, best, other)};`;
    this.lines.push(
      `  for (var half = ${this.lanes / 2}u; half > 0u; half = half / 2u) {`,
      `    ${shared}[lane] = ${best};`,
      ...(places ? [`    W_place[lane] = ${place};`] : []),
      "    workgroupBarrier();",
      `    if (lane < half) { ${takeOther} }`,
      "    workgroupBarrier();",
      "  }",
      `  if (lane == 0u) { ${shared}[0] = ${best};${places ? ` W_place[0] = ${place};` : ""} }`,
      "  workgroupBarrier();",
      `  ${best} = ${shared}[0];`,
      ...(places ? [`  ${place} = W_place[0];`] : []),
      "  workgroupBarrier();",
    );
  }

  stores(): void {
    const { builder, kernel } = this;
    if (kernel.rowStores.length > 0) {
      const row = builder.block([...this.outer, "0u"], valueName, "    ");
      kernel.rowStores.forEach((store) => row.store(store));
      this.lines.push(this.lanes === 1 ? "  {" : "  if (lane == 0u) {", String(row), "  }");
    }
    if (kernel.stores.length === 0) return;
    const each = builder.block([...this.outer, "k"], valueName, "    ");
    kernel.stores.forEach((store) => each.store(store));
    this.#loop(String(each));
  }
}

/** `kernel` as a program. */
export function renderRows(kernel: RowsKernel, target: WgslTarget): WgslProgram {
  const stores = [...kernel.rowStores, ...kernel.stores];
  const exprs = [...kernel.steps.map((step) => step.body), ...stores.map((store) => store.value)];
  const builder = new ShaderBuilder(
    [...buffersOf(...exprs)],
    stores.map((store) => store.buffer),
    target.parts,
  );
  const rows = sizeOf(kernel.outer);
  const lanes = target.cpu ? 1 : WORKGROUP;
  const perGroup = target.cpu ? WORKGROUP : 1;
  const limit = builder.constant(rows);
  const outer = splitIndex(builder, "i", kernel.outer, "c");
  const writer = new RowsWriter(
    kernel,
    builder,
    lanes,
    outer.names,
    builder.constant(kernel.length),
  );
  kernel.steps.forEach((step) => writer.step(step));
  writer.stores();
  // A barrier must be reached by all: with a workgroup a row, whole workgroups leave together.
  const head = target.cpu ? `  let i = block * ${WORKGROUP}u + lane;` : "  let i = block;";
  const body = [head, `  if (i >= ${limit}) { return; }`, outer.lines, ...writer.lines].join("\n");
  const text = builder.text(body, WORKGROUP, [...writer.globals].join("\n"));
  const cost = rows * kernel.length * exprs.reduce((sum, expr) => sum + 4 + costOf(expr), 0);
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: Math.ceil(rows / perGroup),
    cost,
  };
}
