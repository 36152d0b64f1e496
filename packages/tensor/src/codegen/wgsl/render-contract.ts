// Contractions in WGSL: a tile of the output per invocation, in registers; on GPUs through workgroup memory.
import type { ContractKernel } from "../../schedule/kernel.ts";
import { buffersOf, costOf } from "../../graph/rewrite.ts";
import { sizeOf, type Shape } from "../../shape.ts";
import { splitIndex } from "./split-index.ts";
import { WORKGROUP } from "./render-map.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** Rows and columns of the tile of one invocation. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Picks one variant of a contraction and writes it. */
class ContractWriter {
  readonly builder: ShaderBuilder;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;

  constructor(
    readonly kernel: ContractKernel,
    readonly tile: Tile,
    parts: WgslTarget["parts"],
  ) {
    const values = kernel.stores.map((store) => store.value);
    const read = [kernel.a.buffer, kernel.b.buffer, ...buffersOf(...values)];
    this.builder = new ShaderBuilder(
      read,
      kernel.stores.map((store) => store.buffer),
      parts,
    );
    [this.m, this.n, this.k, this.batch] = [
      sizeOf(kernel.m),
      sizeOf(kernel.n),
      sizeOf(kernel.k),
      sizeOf(kernel.batch),
    ];
  }

  get rowTiles(): number {
    return Math.ceil(this.m / this.tile.rows);
  }

  get columnTiles(): number {
    return Math.ceil(this.n / this.tile.columns);
  }

  /** Defines `name` as the part of an operand's address that `axes` of the flat number `flat` give. */
  #part(
    name: string,
    flat: string,
    shape: Shape,
    strides: readonly number[],
    indent: string,
  ): string {
    const split = splitIndex(this.builder, flat, shape, `${name}_`, indent);
    const address = this.builder.form({ strides, offset: { constant: 0, terms: [] } }, split.names);
    return `${split.lines}\n${indent}let ${name} = ${address};`;
  }

  /** The row (or column) of the output that tile line `i` stands for, clamped into range so that loads stay inside. */
  #lines(letter: "m" | "n", size: number, operand: "a" | "b"): string[] {
    const { kernel } = this;
    const shape = kernel[letter];
    const strides = kernel[operand].form.strides.slice(
      kernel.batch.length,
      kernel.batch.length + shape.length,
    );
    const count = letter === "m" ? this.tile.rows : this.tile.columns;
    const limit = this.builder.constant(size - 1);
    return range(count).flatMap((i) => [
      `  let ${letter}${i} = min(${letter}_first + ${i}u, ${limit});`,
      this.#part(`${operand}${letter}${i}`, `${letter}${i}`, shape, strides, "  "),
    ]);
  }

  /** Base addresses of both operands for this batch. */
  #bases(): string[] {
    const { kernel, builder } = this;
    const count = kernel.batch.length;
    return (["a", "b"] as const).flatMap((operand) => {
      const { form } = kernel[operand];
      return [
        this.#part(`${operand}_batch`, "batch", kernel.batch, form.strides.slice(0, count), "  "),
        `  let ${operand}_base = ${operand}_batch + ${builder.affine(form.offset)};`,
      ];
    });
  }

  /** Addresses along k, and the products of one k. */
  #inner(): string {
    const { kernel, builder, tile } = this;
    const lines = (["a", "b"] as const).map((operand) => {
      const strides = kernel[operand].form.strides.slice(-kernel.k.length || Infinity);
      return this.#part(`${operand}k`, "k", kernel.k, kernel.k.length === 0 ? [] : strides, "    ");
    });
    const left = range(tile.rows).map(
      (i) => `    let x${i} = ${builder.element(kernel.a.buffer, "f32", `a_base + am${i} + ak`)};`,
    );
    const right = range(tile.columns).map(
      (j) => `    let y${j} = ${builder.element(kernel.b.buffer, "f32", `b_base + bn${j} + bk`)};`,
    );
    const products = range(tile.rows).flatMap((i) =>
      range(tile.columns).map((j) => `    s${i}_${j} = fma(x${i}, y${j}, s${i}_${j});`),
    );
    return [...lines, ...left, ...right, ...products].join("\n");
  }

  #writeBack(): string {
    const { kernel, tile, builder } = this;
    const [rowLimit, columnLimit] = [builder.constant(this.m), builder.constant(this.n)];
    const batch = splitIndex(builder, "batch", kernel.batch, "e");
    const cells = range(tile.rows).flatMap((i) =>
      range(tile.columns).map((j) => {
        const row = splitIndex(builder, `m${i}`, kernel.m, "f", "    ");
        const column = splitIndex(builder, `n${j}`, kernel.n, "g", "    ");
        const block = builder.block(
          [...batch.names, ...row.names, ...column.names],
          () => `s${i}_${j}`,
          "    ",
        );
        kernel.stores.forEach((store) => block.store(store));
        return `  if (m_first + ${i}u < ${rowLimit} && n_first + ${j}u < ${columnLimit}) {\n${row.lines}\n${column.lines}\n${block}\n  }`;
      }),
    );
    return [batch.lines, ...cells].join("\n");
  }

  body(): string {
    const { builder, tile } = this;
    const tiles = builder.constant(this.batch * this.rowTiles * this.columnTiles);
    const [columns, rows] = [builder.constant(this.columnTiles), builder.constant(this.rowTiles)];
    return [
      `  let i = block * ${WORKGROUP}u + lane;`,
      `  if (i >= ${tiles}) { return; }`,
      `  let n_first = (i % ${columns}) * ${tile.columns}u;`,
      `  let m_first = ((i / ${columns}) % ${rows}) * ${tile.rows}u;`,
      `  let batch = i / (${columns} * ${rows});`,
      ...this.#bases(),
      ...this.#lines("m", this.m, "a"),
      ...this.#lines("n", this.n, "b"),
      ...range(tile.rows).flatMap((i) => range(tile.columns).map((j) => `  var s${i}_${j} = 0.0;`)),
      `  for (var k = 0u; k < ${builder.constant(this.k)}; k++) {`,
      this.#inner(),
      "  }",
      this.#writeBack(),
    ].join("\n");
  }
}

/**
 * Tile by adapter and shape: CPU adapters run an invocation as one thread and want many products for each load; GPUs want
 * many invocations. Small outputs get small tiles, or most invocations would idle.
 */
function chooseTile(kernel: ContractKernel, target: WgslTarget): Tile {
  const [m, n] = [sizeOf(kernel.m), sizeOf(kernel.n)];
  if (m < 4 || n < 4) return { rows: m < 4 ? 1 : 4, columns: n < 4 ? 1 : 4 };
  return target.cpu && m >= 32 && n >= 32 ? { rows: 8, columns: 4 } : { rows: 4, columns: 4 };
}

/** `kernel` as a program. */
export function renderContract(kernel: ContractKernel, target: WgslTarget): WgslProgram {
  const writer = new ContractWriter(kernel, chooseTile(kernel, target), target.parts);
  const { builder } = writer;
  const text = builder.text(writer.body(), WORKGROUP);
  const outputs = writer.batch * writer.m * writer.n;
  const epilogue = kernel.stores.reduce((sum, store) => sum + costOf(store.value), 0);
  const workgroups = Math.ceil((writer.batch * writer.rowTiles * writer.columnTiles) / WORKGROUP);
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups,
    cost: outputs * (2 * writer.k + epilogue),
  };
}
