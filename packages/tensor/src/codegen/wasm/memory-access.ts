// Loads and stores of four lanes: contiguous, broadcast, strided or gathered, with lanes left out by masks and guards.
import type { Assembler, Local } from "./assembler.ts";

/** How four lanes reach their elements. */
export interface Access {
  /** Pushes the byte address of lane 0. */
  readonly pushAddress: () => void;
  /** Bytes to add to the address, known now. */
  readonly offset: number;
  /** Lanes that may touch memory (ones); null: all. */
  readonly mask: Local | null;
  /** Distance of the lanes: none, one element, or the bytes that are pushed. */
  readonly lane: "zero" | "one" | { readonly pushBytes: () => void };
}

/** What a load adds to its access. A `varies` operand differs between lanes; otherwise lane 0 speaks for all. */
export interface LoadOptions {
  /** The value of lanes that are not read. */
  readonly missing: "zero" | "nan";
  /** Lanes to read (ones). */
  readonly guard: { readonly lanes: Local; readonly varies: boolean } | null;
  /** Integers that move the address by as many times the bytes that are pushed. */
  readonly index: {
    readonly lanes: Local;
    readonly varies: boolean;
    readonly pushStride: () => void;
  } | null;
}

const NAN = 0x7fc00000;

/** Pushes the loaded lanes. */
export function emitLoad(asm: Assembler, access: Access, options: LoadOptions): void {
  const { guard, index } = options;
  if (guard === null && index === null) return loadPresent(asm, access, options);
  const result = asm.local("v128");
  pushMissing(asm, options);
  asm.set(result);
  const load = (): void => {
    loadPresent(asm, access, options);
    asm.set(result);
  };
  if (guard === null) load();
  else asm.get(guard.lanes).op("v128.any_true").if(load);
  asm.get(result);
}

/** Pushes the lanes where at least one is to be read. */
function loadPresent(asm: Assembler, access: Access, options: LoadOptions): void {
  const { guard, index } = options;
  const address = asm.local("i32");
  access.pushAddress();
  if (index !== null && !index.varies) {
    asm.get(index.lanes).lane("i32x4.extract_lane", 0);
    index.pushStride();
    asm.op("i32.mul", "i32.add");
  }
  asm.set(address);
  const guarded = guard !== null && guard.varies;
  if (guarded || index?.varies === true) return loadChosen(asm, access, { ...options, address });
  if (access.lane === "zero") asm.get(address).memory("v128.load32_splat", access.offset);
  else if (access.lane === "one" && access.mask === null)
    asm.get(address).memory("v128.load", access.offset);
  else loadChosen(asm, access, { ...options, address });
}

/** Pushes lanes read one by one where they are active; all at once where that turns out to be possible. */
function loadChosen(
  asm: Assembler,
  access: Access,
  options: LoadOptions & { address: Local },
): void {
  const chosen = chosenLanes(asm, access, options.guard);
  const result = asm.local("v128");
  const oneByOne = (): void => {
    pushMissing(asm, options);
    asm.set(result);
    loadLanes(asm, access, { ...options, chosen, result });
  };
  if (
    access.lane === "one" &&
    access.mask === null &&
    chosen !== null &&
    options.index?.varies !== true
  ) {
    const all = (): void =>
      void asm.get(options.address).memory("v128.load", access.offset).set(result);
    asm.get(chosen).op("i32x4.all_true").if(all, oneByOne);
  } else oneByOne();
  asm.get(result);
}

/** The lanes both active and guarded in; null: all. */
function chosenLanes(asm: Assembler, { mask }: Access, guard: LoadOptions["guard"]): Local | null {
  if (guard === null || !guard.varies) return mask;
  if (mask === null) return guard.lanes;
  const both = asm.local("v128");
  asm.get(mask).get(guard.lanes).op("v128.and").set(both);
  return both;
}

interface LaneLoads extends LoadOptions {
  readonly address: Local;
  readonly chosen: Local | null;
  readonly result: Local;
}

function loadLanes(
  asm: Assembler,
  access: Access,
  { address, chosen, result, index }: LaneLoads,
): void {
  forLanes(asm, access, address, (lane, offset) => {
    const load = (): void => {
      asm.get(address);
      if (index?.varies === true) {
        asm.get(index.lanes).lane("i32x4.extract_lane", lane);
        index.pushStride();
        asm.op("i32.mul", "i32.add");
      }
      asm.get(result).memoryLane("v128.load32_lane", lane, offset).set(result);
    };
    whereChosen(asm, chosen, lane, load);
  });
}

/** Runs `body` for each lane; `address` plus the offset is the lane's address. Lanes with a distance move `address`. */
function forLanes(
  asm: Assembler,
  access: Access,
  address: Local,
  body: (lane: number, offset: number) => void,
): void {
  for (let lane = 0; lane < 4; lane++) {
    body(lane, access.offset + (access.lane === "one" ? 4 * lane : 0));
    if (typeof access.lane === "string" || lane === 3) continue;
    asm.get(address);
    access.lane.pushBytes();
    asm.op("i32.add").set(address);
  }
}

function whereChosen(asm: Assembler, chosen: Local | null, lane: number, body: () => void): void {
  if (chosen === null) body();
  else asm.get(chosen).lane("i32x4.extract_lane", lane).if(body);
}

function pushMissing(asm: Assembler, { missing }: LoadOptions): void {
  asm.v128(missing === "nan" ? [NAN, NAN, NAN, NAN] : [0, 0, 0, 0]);
}

/** Writes the active lanes of `value` (a mask where `bool`, stored as 0 and 1); lane 0 alone where lanes do not move. */
export function emitStore(
  asm: Assembler,
  access: Access,
  { value, bool }: { readonly value: Local; readonly bool: boolean },
): void {
  const lanes = asm.local("v128");
  asm.get(value);
  if (bool) asm.v128([1, 1, 1, 1]).op("v128.and");
  asm.set(lanes);
  if (access.lane === "zero" || (access.lane === "one" && access.mask === null)) {
    access.pushAddress();
    asm.get(lanes);
    if (access.lane === "one") asm.memory("v128.store", access.offset);
    else asm.memoryLane("v128.store32_lane", 0, access.offset);
    return;
  }
  const address = asm.local("i32");
  access.pushAddress();
  asm.set(address);
  forLanes(asm, access, address, (lane, offset) => {
    whereChosen(asm, access.mask, lane, () =>
      asm.get(address).get(lanes).memoryLane("v128.store32_lane", lane, offset),
    );
  });
}
