// Every machine operation on four lanes: f32 and integers as they are, bool as a mask of all ones or all zeros.
import type { MachineType } from "../../dtype.ts";
import type { MachineOp } from "../../graph/expr.ts";
import type { WasmTarget } from "./abi.ts";
import type { Assembler, Local } from "./assembler.ts";
import type { PlainOp } from "./opcodes.ts";

/** One operation to write: `args` are v128 locals, `from` the type of the first. */
export interface OpSite {
  readonly asm: Assembler;
  readonly target: WasmTarget;
  readonly dtype: MachineType;
  readonly from: MachineType;
  readonly args: readonly Local[];
  /** The literal value of the last argument, where it is one. */
  readonly literal: number | null;
}

type OpEmitter = (site: OpSite) => void;
type Lanes = readonly [number, number, number, number];

const FLOAT_ONE: Lanes = [0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000];
const INTEGER_ONE: Lanes = [1, 1, 1, 1];
const ZERO: Lanes = [0, 0, 0, 0];

/** The operation for each argument type; null where the operation has no meaning for it. */
function plain(
  f32: PlainOp | null,
  i32: PlainOp | null,
  u32: PlainOp | null = i32,
  bool: PlainOp | null = u32,
): OpEmitter {
  const names = { f32, i32, u32, bool };
  return ({ asm, from, args }) => {
    const name = names[from];
    if (name === null) throw new RangeError(`the operation is not defined for ${from}`);
    for (const arg of args) asm.get(arg);
    asm.op(name);
  };
}

function fma({ asm, from, target, args: [a, b, c] }: OpSite): void {
  if (a === undefined || b === undefined || c === undefined)
    throw new RangeError("fma takes three operands");
  asm.get(a).get(b);
  if (from === "f32" && target.relaxed) asm.get(c).op("f32x4.relaxed_madd");
  else if (from === "f32") asm.op("f32x4.mul").get(c).op("f32x4.add");
  else asm.op("i32x4.mul").get(c).op("i32x4.add");
}

/** min or max; with a literal that is not 0 or NaN the one-instruction form has the same result, NaN included. */
function extreme(exact: OpEmitter, quick: PlainOp): OpEmitter {
  return (site) => {
    const { asm, from, args, literal } = site;
    if (from !== "f32" || literal === null || literal === 0 || Number.isNaN(literal))
      return exact(site);
    for (const arg of args) asm.get(arg);
    asm.op(quick);
  };
}

/** Computes lane by lane in i32: `body` sees the lane's operands in `a` and `b` and leaves its result on the stack. */
function lanewise(body: (asm: Assembler, a: Local, b: Local, signed: boolean) => void): OpEmitter {
  return ({ asm, from, args: [x, y] }) => {
    if (x === undefined || y === undefined)
      throw new RangeError("the operation takes two operands");
    const [a, b] = [asm.local("i32"), asm.local("i32")];
    asm.v128(ZERO);
    for (let lane = 0; lane < 4; lane++) {
      asm
        .get(x)
        .lane("i32x4.extract_lane", lane)
        .set(a)
        .get(y)
        .lane("i32x4.extract_lane", lane)
        .set(b);
      body(asm, a, b, from === "i32");
      asm.lane("i32x4.replace_lane", lane);
    }
  };
}

function shift(vector: PlainOp, scalar: PlainOp): OpEmitter {
  const perLane = lanewise((asm, a, b) => asm.get(a).get(b).op(scalar));
  return (site) => {
    const [x] = site.args;
    if (site.literal === null || x === undefined) perLane(site);
    else site.asm.get(x).i32(site.literal).op(vector);
  };
}

/** Pushes the divisor, or 1 where it is 0 or (signed) -1: division by those would trap, for -1 at the least integer. */
function pushSafeDivisor(asm: Assembler, b: Local, signed: boolean): void {
  asm.i32(1).get(b);
  asm
    .get(b)
    .i32(signed ? 1 : 0)
    .op("i32.add")
    .i32(signed ? 2 : 1)
    .op("i32.lt_u", "select");
}

/** Pushes whether a non-zero remainder `r` has the other sign than `b`, so that truncation was not floor. */
function pushMisses(asm: Assembler, r: Local, b: Local): void {
  asm.get(r).i32(0).op("i32.ne").get(r).get(b).op("i32.xor").i32(31).op("i32.shr_u", "i32.and");
}

function pushFloorDiv(asm: Assembler, a: Local, b: Local, signed: boolean): void {
  const safe = asm.local("i32");
  pushSafeDivisor(asm, b, signed);
  asm.set(safe);
  // Divisors 0 and -1 are replaced by 1: there a * b is the wanted quotient.
  asm
    .get(a)
    .get(b)
    .op("i32.mul")
    .get(a)
    .get(safe)
    .op(signed ? "i32.div_s" : "i32.div_u");
  if (signed) {
    const r = asm.local("i32");
    asm.get(a).get(safe).op("i32.rem_s").set(r);
    pushMisses(asm, r, b);
    asm.op("i32.sub");
  }
  asm.get(b).get(safe).op("i32.ne", "select");
}

function pushMod(asm: Assembler, a: Local, b: Local, signed: boolean): void {
  const r = asm.local("i32");
  asm.get(a);
  pushSafeDivisor(asm, b, signed);
  asm.op(signed ? "i32.rem_s" : "i32.rem_u");
  if (!signed) return;
  asm.set(r).get(r).get(b).i32(0);
  pushMisses(asm, r, b);
  asm.op("select", "i32.add");
}

function cast({ asm, dtype, from, args: [x] }: OpSite): void {
  if (x === undefined) throw new RangeError("cast takes an operand");
  asm.get(x);
  if (from === dtype) return;
  if (dtype === "bool") asm.v128(ZERO).op(from === "f32" ? "f32x4.ne" : "i32x4.ne");
  else if (from === "bool") asm.v128(dtype === "f32" ? FLOAT_ONE : INTEGER_ONE).op("v128.and");
  else if (dtype === "f32")
    asm.op(from === "i32" ? "f32x4.convert_i32x4_s" : "f32x4.convert_i32x4_u");
  else if (from === "f32")
    asm.op(dtype === "i32" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f32x4_u");
}

function select({ asm, args: [condition, whenTrue, whenFalse] }: OpSite): void {
  if (condition === undefined || whenTrue === undefined || whenFalse === undefined)
    throw new RangeError("select takes three operands");
  asm.get(whenTrue).get(whenFalse).get(condition).op("v128.bitselect");
}

function abs(site: OpSite): void {
  const [x] = site.args;
  if (site.from === "u32" && x !== undefined) site.asm.get(x);
  else plain("f32x4.abs", "i32x4.abs")(site);
}

/** Writes each operation: reads the argument locals and leaves the result on the stack. */
export const VECTOR_OPS = {
  add: plain("f32x4.add", "i32x4.add", "i32x4.add", null),
  sub: plain("f32x4.sub", "i32x4.sub", "i32x4.sub", null),
  mul: plain("f32x4.mul", "i32x4.mul", "i32x4.mul", null),
  div: plain("f32x4.div", null),
  fma,
  neg: plain("f32x4.neg", "i32x4.neg", "i32x4.neg", null),
  abs,
  sqrt: plain("f32x4.sqrt", null),
  floor: plain("f32x4.floor", null),
  ceil: plain("f32x4.ceil", null),
  trunc: plain("f32x4.trunc", null),
  round: plain("f32x4.nearest", null),
  min: extreme(plain("f32x4.min", "i32x4.min_s", "i32x4.min_u", "v128.and"), "f32x4.pmin"),
  max: extreme(plain("f32x4.max", "i32x4.max_s", "i32x4.max_u", "v128.or"), "f32x4.pmax"),
  eq: plain("f32x4.eq", "i32x4.eq"),
  ne: plain("f32x4.ne", "i32x4.ne"),
  lt: plain("f32x4.lt", "i32x4.lt_s", "i32x4.lt_u"),
  le: plain("f32x4.le", "i32x4.le_s", "i32x4.le_u"),
  gt: plain("f32x4.gt", "i32x4.gt_s", "i32x4.gt_u"),
  ge: plain("f32x4.ge", "i32x4.ge_s", "i32x4.ge_u"),
  isNan: ({ asm, args: [x] }) => {
    if (x !== undefined) asm.get(x).get(x).op("f32x4.ne");
  },
  and: plain(null, "v128.and"),
  or: plain(null, "v128.or"),
  xor: plain(null, "v128.xor"),
  not: plain(null, "v128.not"),
  shl: shift("i32x4.shl", "i32.shl"),
  shr: shift("i32x4.shr_u", "i32.shr_u"),
  floorDiv: lanewise(pushFloorDiv),
  mod: lanewise(pushMod),
  select,
  cast,
  bitcast: ({ asm, args: [x] }) => {
    if (x !== undefined) asm.get(x);
  },
} satisfies Record<MachineOp, OpEmitter>;
