// Opcodes of the WebAssembly instructions our kernels use, by their names in the specification.

/** Instructions with no immediate operand. Values above 0xff carry their prefix byte in the upper bits. */
export const PLAIN_OPCODES = {
  "drop": 0x1a, "select": 0x1b, "return": 0x0f,
  "i32.eqz": 0x45, "i32.eq": 0x46, "i32.ne": 0x47, "i32.lt_s": 0x48, "i32.lt_u": 0x49, "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b, "i32.le_s": 0x4c, "i32.le_u": 0x4d, "i32.ge_s": 0x4e, "i32.ge_u": 0x4f,
  "f32.eq": 0x5b, "f32.ne": 0x5c, "f32.lt": 0x5d, "f32.gt": 0x5e, "f32.le": 0x5f, "f32.ge": 0x60,
  "i32.add": 0x6a, "i32.sub": 0x6b, "i32.mul": 0x6c, "i32.div_s": 0x6d, "i32.div_u": 0x6e, "i32.rem_s": 0x6f,
  "i32.rem_u": 0x70, "i32.and": 0x71, "i32.or": 0x72, "i32.xor": 0x73, "i32.shl": 0x74, "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "f32.abs": 0x8b, "f32.neg": 0x8c, "f32.ceil": 0x8d, "f32.floor": 0x8e, "f32.trunc": 0x8f, "f32.nearest": 0x90,
  "f32.sqrt": 0x91, "f32.add": 0x92, "f32.sub": 0x93, "f32.mul": 0x94, "f32.div": 0x95, "f32.min": 0x96,
  "f32.max": 0x97,
  "f32.convert_i32_s": 0xb2, "f32.convert_i32_u": 0xb3, "i32.reinterpret_f32": 0xbc, "f32.reinterpret_i32": 0xbe,
  "i32.trunc_sat_f32_s": 0xfc00, "i32.trunc_sat_f32_u": 0xfc01,
  "i32x4.splat": 0xfd11, "f32x4.splat": 0xfd13,
  "i32x4.eq": 0xfd37, "i32x4.ne": 0xfd38, "i32x4.lt_s": 0xfd39, "i32x4.lt_u": 0xfd3a, "i32x4.gt_s": 0xfd3b,
  "i32x4.gt_u": 0xfd3c, "i32x4.le_s": 0xfd3d, "i32x4.le_u": 0xfd3e, "i32x4.ge_s": 0xfd3f, "i32x4.ge_u": 0xfd40,
  "f32x4.eq": 0xfd41, "f32x4.ne": 0xfd42, "f32x4.lt": 0xfd43, "f32x4.gt": 0xfd44, "f32x4.le": 0xfd45, "f32x4.ge": 0xfd46,
  "v128.not": 0xfd4d, "v128.and": 0xfd4e, "v128.andnot": 0xfd4f, "v128.or": 0xfd50, "v128.xor": 0xfd51,
  "v128.bitselect": 0xfd52, "v128.any_true": 0xfd53,
  "f32x4.ceil": 0xfd67, "f32x4.floor": 0xfd68, "f32x4.trunc": 0xfd69, "f32x4.nearest": 0xfd6a,
  "i32x4.abs": 0xfda0, "i32x4.neg": 0xfda1, "i32x4.all_true": 0xfda3, "i32x4.bitmask": 0xfda4,
  "i32x4.shl": 0xfdab, "i32x4.shr_s": 0xfdac, "i32x4.shr_u": 0xfdad,
  "i32x4.add": 0xfdae, "i32x4.sub": 0xfdb1, "i32x4.mul": 0xfdb5,
  "i32x4.min_s": 0xfdb6, "i32x4.min_u": 0xfdb7, "i32x4.max_s": 0xfdb8, "i32x4.max_u": 0xfdb9,
  "f32x4.abs": 0xfde0, "f32x4.neg": 0xfde1, "f32x4.sqrt": 0xfde3, "f32x4.add": 0xfde4, "f32x4.sub": 0xfde5,
  "f32x4.mul": 0xfde6, "f32x4.div": 0xfde7, "f32x4.min": 0xfde8, "f32x4.max": 0xfde9, "f32x4.pmin": 0xfdea,
  "f32x4.pmax": 0xfdeb,
  "i32x4.trunc_sat_f32x4_s": 0xfdf8, "i32x4.trunc_sat_f32x4_u": 0xfdf9,
  "f32x4.convert_i32x4_s": 0xfdfa, "f32x4.convert_i32x4_u": 0xfdfb,
  "f32x4.relaxed_madd": 0xfd105, "f32x4.relaxed_nmadd": 0xfd106,
} as const;

/** Loads and stores: opcode and bytes touched. A store or a load takes its address from the stack. */
export const MEMORY_OPCODES = {
  "i32.load": [0x28, 4], "f32.load": [0x2a, 4], "i32.store": [0x36, 4], "f32.store": [0x38, 4],
  "v128.load": [0xfd00, 16], "v128.load32_splat": [0xfd09, 4], "v128.load64_splat": [0xfd0a, 8],
  "v128.load32_zero": [0xfd5c, 4], "v128.load64_zero": [0xfd5d, 8], "v128.store": [0xfd0b, 16],
} as const;

/** Loads and stores of one lane: opcode and bytes touched. */
export const MEMORY_LANE_OPCODES = {
  "v128.load32_lane": [0xfd56, 4], "v128.load64_lane": [0xfd57, 8],
  "v128.store32_lane": [0xfd5a, 4], "v128.store64_lane": [0xfd5b, 8],
} as const;

/** Instructions whose immediate is a lane. */
export const LANE_OPCODES = {
  "i32x4.extract_lane": 0xfd1b, "i32x4.replace_lane": 0xfd1c, "f32x4.extract_lane": 0xfd1f, "f32x4.replace_lane": 0xfd20,
} as const;

/** Name of an instruction without an immediate. */
export type PlainOp = keyof typeof PLAIN_OPCODES;
/** Name of a load or store. */
export type MemoryOp = keyof typeof MEMORY_OPCODES;
/** Name of a load or store of one lane. */
export type MemoryLaneOp = keyof typeof MEMORY_LANE_OPCODES;
/** Name of an instruction that reads or replaces one lane. */
export type LaneOp = keyof typeof LANE_OPCODES;
