// The encoder's modules validate and compute what was written, with shared and private memory.
import { setFlagsFromString } from "node:v8";
import { describe, expect, it } from "vitest";
import { Assembler, encodeSigned, encodeUnsigned } from "../../src/codegen/wasm/assembler.ts";
import {
  LANE_OPCODES,
  MEMORY_LANE_OPCODES,
  MEMORY_OPCODES,
  PLAIN_OPCODES,
  type PlainOp,
} from "../../src/codegen/wasm/opcodes.ts";

// Node 20 knows the relaxed instructions but hides them; later versions accept the flag without effect.
setFlagsFromString("--experimental-wasm-relaxed-simd");

function instantiate(
  assembler: Assembler,
  shared = false,
): { run: (...args: number[]) => void; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory(
    shared ? { initial: 1, maximum: 4, shared } : { initial: 1 },
  );
  const module = new WebAssembly.Module(assembler.assemble({ shared }));
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { run: instance.exports["run"] as (...args: number[]) => void, memory };
}

/** Operand types of an instruction, from its name. */
function operands(name: PlainOp): { pops: ("i32" | "f32" | "v128")[]; pushes: boolean } {
  if (name === "return") return { pops: [], pushes: false };
  if (name === "drop") return { pops: ["i32"], pushes: false };
  if (name === "select") return { pops: ["i32", "i32", "i32"], pushes: true };
  const [family = "", operation = ""] = name.split(".");
  const vector = family.includes("x4") || family === "v128";
  const own = vector ? "v128" : (family as "i32" | "f32");
  if (operation === "splat") return { pops: [family === "f32x4" ? "f32" : "i32"], pushes: true };
  if (/^(bitselect|relaxed_)/.test(operation))
    return { pops: ["v128", "v128", "v128"], pushes: true };
  if (/^(convert_i32_|reinterpret_i32)/.test(operation)) return { pops: ["i32"], pushes: true };
  if (/^(trunc_sat_f32_|reinterpret_f32)/.test(operation)) return { pops: ["f32"], pushes: true };
  if (vector && /^sh[lr]/.test(operation)) return { pops: ["v128", "i32"], pushes: true };
  const unary =
    /^(eqz|abs|neg|ceil|floor|trunc|nearest|sqrt|not|any_true|all_true|bitmask|convert|trunc_sat)/.test(
      operation,
    );
  return { pops: unary ? [own] : [own, own], pushes: true };
}

describe("assembler", () => {
  it("encodes LEB128 as the specification's examples", () => {
    expect(encodeUnsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(encodeUnsigned(2 ** 32 - 1)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(encodeSigned(-123456)).toEqual([0xc0, 0xbb, 0x78]);
    expect(encodeSigned(64)).toEqual([0xc0, 0x00]);
  });

  it.each([false, true])("sums an array in a loop over memory (shared: %s)", (shared) => {
    const asm = new Assembler(["i32", "i32"]);
    const [address, count] = [asm.param(0), asm.param(1)];
    const sum = asm.local("f32");
    asm.block((done) => {
      asm.loop((next) => {
        asm.get(count).op("i32.eqz").brIf(done);
        asm.get(sum).get(address).memory("f32.load").op("f32.add").set(sum);
        asm.get(address).i32(4).op("i32.add").set(address);
        asm.get(count).i32(1).op("i32.sub").set(count);
        asm.br(next);
      });
    });
    asm.i32(0).get(sum).memory("f32.store");
    const { run, memory } = instantiate(asm, shared);
    const values = new Float32Array(memory.buffer);
    values.set([1.5, 2.25, -4], 4);
    run(16, 3);
    expect(values[0]).toBe(-0.25);
  });

  it("shuffles, splats and multiplies lanes, and takes either arm of an if", () => {
    const asm = new Assembler(["i32"]);
    const v = asm.local("v128");
    asm.i32(16).memory("v128.load").v128([4, 3, 2, 1]).shuffle([3, 2, 4, 5]).set(v);
    asm.get(asm.param(0)).if(
      () => asm.i32(32).get(v).i32(-2).op("i32x4.splat", "i32x4.mul").memory("v128.store"),
      () => asm.i32(32).get(v).lane("i32x4.extract_lane", 0).memory("i32.store"),
    );
    const { run, memory } = instantiate(asm);
    const words = new Int32Array(memory.buffer);
    words.set([10, 20, 30, 40], 4);
    run(1);
    expect([...words.subarray(8, 12)]).toEqual([-80, -60, -8, -6]);
    run(0);
    expect(words[8]).toBe(40);
  });

  it.each(Object.keys(PLAIN_OPCODES) as PlainOp[])(
    "encodes %s as an instruction of its type",
    (name) => {
      const { pops, pushes } = operands(name);
      const asm = new Assembler([]);
      for (const type of pops) {
        if (type === "v128") asm.v128([0, 1, 2, 3]);
        else if (type === "f32") asm.f32(1);
        else asm.i32(1);
      }
      asm.op(name);
      if (pushes) asm.op("drop");
      expect(() => new WebAssembly.Module(asm.assemble({ shared: false }))).not.toThrow();
    },
  );

  it("knows every load, store and lane instruction", () => {
    const asm = new Assembler([]);
    for (const name of Object.keys(MEMORY_OPCODES) as (keyof typeof MEMORY_OPCODES)[]) {
      asm.i32(0);
      if (name.includes("store")) {
        if (name === "i32.store") asm.i32(0);
        else if (name === "f32.store") asm.f32(0);
        else asm.v128([0, 0, 0, 0]);
        asm.memory(name, 300);
      } else asm.memory(name, 300).op("drop");
    }
    for (const name of Object.keys(MEMORY_LANE_OPCODES) as (keyof typeof MEMORY_LANE_OPCODES)[]) {
      asm.i32(0).v128([0, 0, 0, 0]).memoryLane(name, 1, 4);
      if (name.includes("load")) asm.op("drop");
    }
    for (const name of Object.keys(LANE_OPCODES) as (keyof typeof LANE_OPCODES)[]) {
      asm.v128([0, 0, 0, 0]);
      if (name === "f32x4.replace_lane") asm.f32(1);
      if (name === "i32x4.replace_lane") asm.i32(1);
      asm.lane(name, 3).op("drop");
    }
    expect(() => new WebAssembly.Module(asm.assemble({ shared: true }))).not.toThrow();
  });
});
