// Reads the pickle of a PyTorch checkpoint: a stack machine with the instructions that torch.save writes, and no others.
import { PickleCursor } from "./pickle-cursor.ts";
import { allowedGlobal, callAllowed, storageOf } from "./torch-globals.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { PickleDict, PickleTuple, type PickleValue } from "./torch-values.ts";

const PROTO = 0x80;
const STOP = 0x2e;
const NEWEST_PROTOCOL = 5;

class PickleMachine {
  readonly #cursor: PickleCursor;
  #stack: PickleValue[] = [];
  /** Stacks that a mark has set aside. */
  readonly #marked: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, check: TorchCheck) {
    this.#cursor = new PickleCursor(bytes, check);
  }

  run(): PickleValue {
    const cursor = this.#cursor;
    if (cursor.u8() !== PROTO || cursor.u8() > NEWEST_PROTOCOL)
      cursor.fail("no pickle of protocol 2 to 5");
    for (let count = 1; ; count++) {
      cursor.check.assertWithin("instructions", count, "instructions in data.pkl");
      const code = cursor.u8();
      if (code === STOP) return this.#stop();
      const instruction = INSTRUCTIONS.get(code);
      if (instruction === undefined)
        return cursor.check.fail(
          "PT_PICKLE_REFUSED",
          `data.pkl, byte ${cursor.position - 1}: instruction 0x${code.toString(16)}${named(code)}, which no checkpoint of tensors has`,
          { opcode: code, position: cursor.position - 1 },
        );
      instruction(this, cursor);
    }
  }

  #stop(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marked.length > 0)
      this.#cursor.fail("the pickle stops with values left over");
    if (this.#cursor.position !== this.#cursor.bytes.length)
      this.#cursor.fail("the pickle goes on behind its end");
    return value;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.#cursor.fail("a value is missing") : value;
  }

  /** The last `count` values, as a tuple. */
  tuple(count: number): void {
    if (this.#stack.length < count) this.#cursor.fail("a value is missing");
    this.push(new PickleTuple(this.#stack.splice(this.#stack.length - count, count)));
  }

  mark(): void {
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  /** Everything since the last mark. */
  sinceMark(): PickleValue[] {
    const before = this.#marked.pop();
    if (before === undefined) return this.#cursor.fail("a mark is missing");
    const items = this.#stack;
    this.#stack = before;
    return items;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    return value === undefined ? this.#cursor.fail("a value is missing") : value;
  }

  append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#cursor.fail("items of something that is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0)
      return this.#cursor.fail("entries of something that is no dict");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== "string" && typeof key !== "number")
        return this.#cursor.fail("the key of a dict is neither text nor a number");
      if (dict.has(key)) this.#cursor.fail("the key of a dict is there twice");
      dict.set(key, items[i + 1] ?? null);
    }
  }

  /** `_metadata` of a state dict, versions of modules, is the one attribute that anything has; it is let go of. */
  build(): void {
    const state = this.pop();
    const object = this.#top();
    const known =
      object instanceof PickleDict &&
      object.ordered &&
      state instanceof PickleDict &&
      [...state.keys()].every((key) => key === "_metadata");
    if (!known)
      this.#cursor.check.fail(
        "PT_PICKLE_REFUSED",
        `data.pkl, byte ${this.#cursor.position - 1}: an object is given attributes (BUILD), which only a state dict's _metadata may be`,
        { opcode: 0x62, position: this.#cursor.position - 1 },
      );
  }

  global(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string")
      return this.#cursor.fail("a name that is no text");
    this.push(allowedGlobal(this.#cursor.check, module, name));
  }

  reduce(): void {
    const args = this.pop();
    this.push(callAllowed(this.#cursor.check, this.pop(), args));
  }

  persistent(): void {
    this.push(storageOf(this.#cursor.check, this.pop()));
  }

  remember(index: number = this.#memo.size): void {
    this.#memo.set(index, this.#top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    this.push(value === undefined ? this.#cursor.fail(`nothing is remembered as ${index}`) : value);
  }
}

type Instruction = (machine: PickleMachine, cursor: PickleCursor) => void;

const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x95, (_, cursor) => void cursor.u64()], // FRAME
  [0x4e, (machine) => machine.push(null)], // NONE
  [0x88, (machine) => machine.push(true)], // NEWTRUE
  [0x89, (machine) => machine.push(false)], // NEWFALSE
  [0x4a, (machine, cursor) => machine.push(cursor.i32())], // BININT
  [0x4b, (machine, cursor) => machine.push(cursor.u8())], // BININT1
  [0x4d, (machine, cursor) => machine.push(cursor.u16())], // BININT2
  [0x8a, (machine, cursor) => machine.push(cursor.long(cursor.u8()))], // LONG1
  [0x8b, (machine, cursor) => machine.push(cursor.long(cursor.u32()))], // LONG4
  [0x47, (machine, cursor) => machine.push(cursor.f64())], // BINFLOAT
  [0x8c, (machine, cursor) => machine.push(cursor.text(cursor.u8()))], // SHORT_BINUNICODE
  [0x58, (machine, cursor) => machine.push(cursor.text(cursor.u32()))], // BINUNICODE
  [0x8d, (machine, cursor) => machine.push(cursor.text(cursor.u64()))], // BINUNICODE8
  [0x5d, (machine) => machine.push([])], // EMPTY_LIST
  [0x61, (machine) => machine.append([machine.pop()])], // APPEND
  [0x65, (machine) => machine.append(machine.sinceMark())], // APPENDS
  [0x7d, (machine) => machine.push(new PickleDict(false))], // EMPTY_DICT
  [0x73, (machine) => machine.setItems([machine.pop(), machine.pop()].reverse())], // SETITEM
  [0x75, (machine) => machine.setItems(machine.sinceMark())], // SETITEMS
  [0x29, (machine) => machine.tuple(0)], // EMPTY_TUPLE
  [0x85, (machine) => machine.tuple(1)], // TUPLE1
  [0x86, (machine) => machine.tuple(2)], // TUPLE2
  [0x87, (machine) => machine.tuple(3)], // TUPLE3
  [0x74, (machine) => machine.push(new PickleTuple(machine.sinceMark()))], // TUPLE
  [0x28, (machine) => machine.mark()], // MARK
  [0x71, (machine, cursor) => machine.remember(cursor.u8())], // BINPUT
  [0x72, (machine, cursor) => machine.remember(cursor.u32())], // LONG_BINPUT
  [0x94, (machine) => machine.remember()], // MEMOIZE
  [0x68, (machine, cursor) => machine.recall(cursor.u8())], // BINGET
  [0x6a, (machine, cursor) => machine.recall(cursor.u32())], // LONG_BINGET
  [0x63, (machine, cursor) => machine.global(cursor.line(), cursor.line())], // GLOBAL
  [
    0x93, // STACK_GLOBAL
    (machine) => {
      const name = machine.pop();
      machine.global(machine.pop(), name);
    },
  ],
  [0x52, (machine) => machine.reduce()], // REDUCE
  [0x62, (machine) => machine.build()], // BUILD
  [0x51, (machine) => machine.persistent()], // BINPERSID
]);

/** Instructions that make objects of classes, or reach into registries, by the name that Python gives them. */
const REFUSED_NAMES: Readonly<Record<number, string>> = {
  0x69: "INST",
  0x6f: "OBJ",
  0x81: "NEWOBJ",
  0x92: "NEWOBJ_EX",
  0x50: "PERSID",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
};

function named(code: number): string {
  const name = REFUSED_NAMES[code];
  return name === undefined ? "" : ` (${name})`;
}

/**
 * The value that the pickle in `bytes` builds.
 * @throws PrismaError PT_PICKLE_INVALID, PT_PICKLE_REFUSED, PT_STORAGE_INVALID, PT_TENSOR_INVALID, PT_LIMIT
 */
export function readTorchPickle(bytes: Uint8Array, check: TorchCheck): PickleValue {
  return new PickleMachine(bytes, check).run();
}
