// The device's memory: how it is made, grown, and what lies at its bottom.

const PAGE = 65536;
/** Pages of 4 GiB, all that 32-bit addresses reach; kernels import a memory of at most as many. */
const MAX_PAGES = 65536;
/** Pages it starts with. */
const FIRST_PAGES = 16;

/** Bytes for the parameter block of the running kernel, from address 0. */
export const PARAM_BYTES = 16384;
/** Address of the words by which threads agree on work. */
export const CONTROL_ADDRESS = PARAM_BYTES;
/** Bytes at the bottom of the memory that belong to the device itself. */
export const RESERVED_BYTES = PARAM_BYTES + 256;

/** A memory that may grow to 4 GiB, or to what the platform is willing to promise. */
export function createMemory(shared: boolean, maximum = MAX_PAGES): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared });
  } catch (error) {
    if (!(error instanceof RangeError) || maximum <= 2 * FIRST_PAGES) throw error;
    return createMemory(shared, maximum / 2);
  }
}

function grow(memory: WebAssembly.Memory, pages: number): boolean {
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}

/** Makes `memory` hold `bytes` bytes; false where it is not allowed to. */
export function growTo(memory: WebAssembly.Memory, bytes: number): boolean {
  const held = memory.buffer.byteLength / PAGE;
  const missing = Math.ceil(bytes / PAGE) - held;
  if (missing <= 0) return true;
  // Each growth replaces the buffer and has old views collected: half as much again makes them few. Pages that are
  // never touched take no memory.
  return grow(memory, Math.max(missing, Math.floor(held / 2))) || grow(memory, missing);
}
