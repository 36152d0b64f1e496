// Runs a rendered WebAssembly kernel on arrays, in any cuts of its work, with filled ground around every buffer.
import { setFlagsFromString } from "node:v8";
import type { WasmProgram, WasmRun, WasmTarget } from "../../src/codegen/wasm/abi.ts";
import type { ParamWord } from "../../src/codegen/program.ts";
import { viewBytes, type TypedArray } from "../../src/dtype.ts";
import { evaluateAffine } from "../../src/graph/affine.ts";
import type { BufferId } from "../../src/graph/expr.ts";

// Node 20 knows the relaxed instructions but hides them; later versions accept the flag without effect.
setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Product and sum rounded apart, in private memory. */
export const PLAIN: WasmTarget = { shared: false, relaxed: false };
/** Fused product and sum, in shared memory. */
export const FUSED: WasmTarget = { shared: true, relaxed: true };

const PAGE = 65536;
const MARGIN = 64;
const FILL = 0x7fc0dead;

/** How to launch: slots of the plan, and the item numbers between which `run` is called. */
export interface LaunchOptions {
  readonly target?: WasmTarget;
  readonly slots?: readonly number[];
  readonly cuts?: readonly number[];
}

/** A program with its buffers placed in a memory of its own. */
export class PlacedProgram {
  readonly memory: WebAssembly.Memory;
  readonly run: WasmRun;
  readonly #addresses = new Map<BufferId, number>();
  readonly #params: number;
  readonly #scratch: number;

  constructor(
    readonly program: WasmProgram,
    readonly buffers: ReadonlyMap<BufferId, TypedArray>,
    { target = PLAIN, slots = [] }: LaunchOptions = {},
  ) {
    let top = MARGIN;
    const place = (bytes: number): number => {
      const address = top;
      top = Math.ceil((top + bytes + MARGIN) / 16) * 16;
      return address;
    };
    for (const id of program.buffers) this.#addresses.set(id, place(buffers.get(id)!.byteLength));
    this.#params = place(4 * (program.buffers.length + program.params.length));
    this.#scratch = place(program.scratchBytes);
    const pages = Math.ceil(top / PAGE);
    this.memory = new WebAssembly.Memory(
      target.shared ? { initial: pages, maximum: pages, shared: true } : { initial: pages },
    );
    new Uint32Array(this.memory.buffer).fill(FILL);
    for (const [id, address] of this.#addresses)
      this.#bytes(address, buffers.get(id)!.byteLength).set(bytesOf(buffers.get(id)!));
    const words = [
      ...this.#addresses.values(),
      ...program.params.map((word) => wordValue(word, slots)),
    ];
    new Uint32Array(this.memory.buffer, this.#params, words.length).set(words);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(program.code()), {
      env: { memory: this.memory },
    });
    this.run = instance.exports["run"] as WasmRun;
  }

  /** Computes the items `[begin, end)`. */
  launch(begin: number, end: number): void {
    this.run(this.#params, begin, end, this.#scratch);
  }

  /** Copies the written buffers back; throws when anything beside them has changed. */
  readBack(): void {
    const { program, buffers } = this;
    const outputs = program.buffers.slice(program.buffers.length - program.outputs);
    for (const id of program.buffers) {
      const [address, array] = [this.#addresses.get(id)!, buffers.get(id)!];
      const bytes = this.#bytes(address, array.byteLength);
      if (outputs.includes(id)) bytesOf(array).set(bytes);
      else if (Buffer.compare(bytes, bytesOf(array)) !== 0)
        throw new Error(`buffer ${id} is read only and was written`);
      const ground = new Uint32Array(this.memory.buffer, address + array.byteLength, MARGIN / 4);
      if (ground.some((word) => word !== FILL)) throw new Error(`written beyond buffer ${id}`);
    }
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }
}

/** Runs `program` over `buffers` once; outputs are written into their arrays. */
export function runWasmProgram(
  program: WasmProgram,
  buffers: ReadonlyMap<BufferId, TypedArray>,
  options: LaunchOptions = {},
): void {
  const placed = new PlacedProgram(program, buffers, options);
  const cuts = [0, ...(options.cuts ?? []), program.items];
  for (let i = 0; i + 1 < cuts.length; i++) placed.launch(cuts[i]!, cuts[i + 1]!);
  placed.readBack();
}

function bytesOf(array: TypedArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function wordValue(word: ParamWord, slots: readonly number[]): number {
  if (word.kind === "u32") return word.value >>> 0;
  if (word.kind === "affine") return evaluateAffine(word.value, slots) >>> 0;
  const value = viewBytes(word.dtype, new ArrayBuffer(4));
  value[0] = slots[word.slot]!;
  return new Uint32Array(value.buffer)[0]!;
}
