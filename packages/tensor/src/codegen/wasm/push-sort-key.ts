// Sort keys: elements as unsigned numbers in their order.
import type { MachineType } from "../../dtype.ts";
import type { Assembler, Local } from "./assembler.ts";

/** Pushes the element at `address` as a u32 in the order of sorting: NaN highest, both zeros equal. */
export function pushSortKey(asm: Assembler, dtype: MachineType, address: Local): void {
  if (dtype !== "f32") {
    asm.get(address).memory("i32.load");
    if (dtype === "i32") asm.i32(0x80000000).op("i32.xor");
    return;
  }
  const [x, bits] = [asm.local("f32"), asm.local("i32")];
  // Adding 0 makes -0 into 0. Negative numbers order backwards by their bits: all of those are flipped.
  asm
    .get(address)
    .memory("f32.load")
    .f32(0)
    .op("f32.add")
    .tee(x)
    .op("i32.reinterpret_f32")
    .set(bits);
  asm.i32(-1);
  asm.get(bits).get(bits).i32(31).op("i32.shr_s").i32(0x80000000).op("i32.or", "i32.xor");
  asm.get(x).get(x).op("f32.ne", "select");
}
