// A small WebAssembly encoder: one function over an imported memory, written instruction by instruction.
import {
  LANE_OPCODES,
  MEMORY_LANE_OPCODES,
  MEMORY_OPCODES,
  PLAIN_OPCODES,
  type LaneOp,
  type MemoryLaneOp,
  type MemoryOp,
  type PlainOp,
} from "./opcodes.ts";

/** Types of locals and stack values. */
export type ValueType = "i32" | "f32" | "v128";

/** A parameter or local variable of the function under construction. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** The target of a branch: after the end of its block, or the start of its loop. */
export interface Label {
  readonly depth: number;
}

const TYPE_CODES: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const EMPTY_BLOCK = 0x40;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Unsigned LEB128 bytes of `value`, below 2^32. */
export function encodeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128 bytes of the 32-bit integer with the bits of `value`. */
export function encodeSigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

function encodeOpcode(opcode: number): number[] {
  if (opcode <= 0xff) return [opcode];
  const prefix = opcode > 0xffff ? opcode >> 12 : opcode >> 8;
  return [prefix, ...encodeUnsigned(opcode > 0xffff ? opcode & 0xfff : opcode & 0xff)];
}

function encodeWords(words: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): number[] {
  const view = new DataView(new ArrayBuffer(words.byteLength));
  const bits = new Uint32Array(words.buffer);
  bits.forEach((word, i) => view.setUint32(4 * i, word, true));
  return [...new Uint8Array(view.buffer)];
}

/** Writes the body of one function. Methods append one instruction each and return the assembler, so that calls chain. */
export class Assembler {
  readonly #params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #bytes: number[] = [];
  #depth = 0;

  /** A function with parameters of these types and no result. */
  constructor(params: readonly ValueType[]) {
    this.#params = params;
  }

  /** The parameter at `position`. */
  param(position: number): Local {
    const type = this.#params[position];
    if (type === undefined)
      throw new RangeError(
        `the function has ${this.#params.length} parameters, not ${position + 1}`,
      );
    return { index: position, type };
  }

  /** A new local variable, zero at the start of the function. */
  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.#params.length + this.#locals.length - 1, type };
  }

  get(local: Local): this {
    return this.#emit(0x20, ...encodeUnsigned(local.index));
  }
  set(local: Local): this {
    return this.#emit(0x21, ...encodeUnsigned(local.index));
  }
  /** Sets the local and leaves the value on the stack. */
  tee(local: Local): this {
    return this.#emit(0x22, ...encodeUnsigned(local.index));
  }

  /** Pushes a 32-bit integer, given signed or unsigned. */
  i32(value: number): this {
    return this.#emit(0x41, ...encodeSigned(value));
  }
  f32(value: number): this {
    return this.#emit(0x43, ...encodeWords(new Float32Array([value])));
  }
  /** Pushes four 32-bit lanes, lane 0 first. */
  v128(words: readonly [number, number, number, number]): this {
    return this.#emit(0xfd, 12, ...encodeWords(new Uint32Array(words)));
  }

  /** Appends instructions that have no immediate. */
  op(...names: PlainOp[]): this {
    for (const name of names) this.#emit(...encodeOpcode(PLAIN_OPCODES[name]));
    return this;
  }
  /** A load or store at the popped address plus `offset` bytes; 4-byte alignment is all that is promised. */
  memory(name: MemoryOp, offset = 0): this {
    const [opcode] = MEMORY_OPCODES[name];
    return this.#emit(...encodeOpcode(opcode), 2, ...encodeUnsigned(offset));
  }
  /** A load or store of one lane at the popped address plus `offset` bytes. */
  memoryLane(name: MemoryLaneOp, lane: number, offset = 0): this {
    const [opcode] = MEMORY_LANE_OPCODES[name];
    return this.#emit(...encodeOpcode(opcode), 2, ...encodeUnsigned(offset), lane);
  }
  lane(name: LaneOp, lane: number): this {
    return this.#emit(...encodeOpcode(LANE_OPCODES[name]), lane);
  }
  /** Picks four 32-bit lanes out of the eight of two popped vectors. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    return this.#emit(
      0xfd,
      13,
      ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
    );
  }

  /** `body` in a block; branching to its label leaves it. */
  block(body: (label: Label) => void): this {
    return this.#nest(0x02, body);
  }
  /** `body` in a loop; branching to its label repeats it, falling out of the end leaves. */
  loop(body: (label: Label) => void): this {
    return this.#nest(0x03, body);
  }
  /** Pops a condition; runs `then` where it is not zero, `otherwise` where it is. */
  if(then: () => void, otherwise?: () => void): this {
    this.#emit(0x04, EMPTY_BLOCK);
    this.#depth++;
    then();
    if (otherwise !== undefined) {
      this.#emit(0x05);
      otherwise();
    }
    this.#depth--;
    return this.#emit(0x0b);
  }
  /** Calls the helper at `position` of those given to {@link assemble}; its arguments are on the stack. */
  callHelper(position: number): this {
    return this.#emit(0x10, ...encodeUnsigned(1 + position));
  }
  br(label: Label): this {
    return this.#emit(0x0c, ...encodeUnsigned(this.#depth - label.depth));
  }
  /** Pops a condition; branches where it is not zero. */
  brIf(label: Label): this {
    return this.#emit(0x0d, ...encodeUnsigned(this.#depth - label.depth));
  }

  /**
   * The function as a module that imports `env.memory` (shared or not, as the device's memory is) and exports `run`.
   * `helpers` are further functions of the module, for {@link callHelper}.
   */
  assemble(
    memory: { readonly shared: boolean },
    helpers: readonly Assembler[] = [],
  ): Uint8Array<ArrayBuffer> {
    const functions = [this, ...helpers];
    // A shared memory must be imported with a maximum; 65536 pages are 4 GiB, all there can be.
    const limits = memory.shared ? [3, 0, ...encodeUnsigned(65536)] : [0, 0];
    return Uint8Array.from(
      HEADER.concat(
        section(
          1,
          functions.map((one) => one.#type()),
        ),
        section(2, [[...name("env"), ...name("memory"), 2, ...limits]]),
        section(
          3,
          functions.map((_, type) => encodeUnsigned(type)),
        ),
        section(7, [[...name("run"), 0, 0]]),
        section(
          10,
          functions.map((one) => one.#body()),
        ),
      ),
    );
  }

  #type(): number[] {
    return [0x60, ...vector(this.#params.map((param) => [TYPE_CODES[param]])), 0];
  }

  #body(): number[] {
    const body = vector(this.#locals.map((local) => [1, TYPE_CODES[local]])).concat(
      this.#bytes,
      0x0b,
    );
    return encodeUnsigned(body.length).concat(body);
  }

  #nest(opcode: number, body: (label: Label) => void): this {
    this.#emit(opcode, EMPTY_BLOCK);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    return this.#emit(0x0b);
  }

  #emit(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
}

function vector(items: readonly (readonly number[])[]): number[] {
  return encodeUnsigned(items.length).concat(...items);
}

function name(text: string): number[] {
  return [...encodeUnsigned(text.length), ...new TextEncoder().encode(text)];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id].concat(encodeUnsigned(content.length), content);
}
