// Functions every shader starts with: WGSL may assume that there are no NaN, so they are told apart by their bits.

/** WGSL text. `p_` marks our own functions. */
export const PRELUDE: string = `fn p_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn p_max(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, p_nan(b)), a, p_nan(a)); }
fn p_min(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, p_nan(b)), a, p_nan(a)); }
fn p_ordered(a: f32, b: f32) -> bool { return !(p_nan(a) | p_nan(b)); }
fn p_to_i32(x: f32) -> i32 {
  let whole = i32(clamp(x, -2147483648.0, 2147483520.0));
  return select(select(whole, 2147483647, x >= 2147483648.0), 0, p_nan(x));
}
fn p_to_u32(x: f32) -> u32 {
  let whole = u32(clamp(x, 0.0, 4294967040.0));
  return select(select(whole, 4294967295u, x >= 4294967296.0), 0u, p_nan(x));
}
fn p_floor_div_i32(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  if (b == -1) { return -a; }
  let q = a / b;
  return select(q, q - 1, (a % b != 0) && ((a < 0) != (b < 0)));
}
fn p_mod_i32(a: i32, b: i32) -> i32 {
  if (b == 0 || b == -1) { return 0; }
  let r = a % b;
  return select(r, r + b, r != 0 && ((r < 0) != (b < 0)));
}
fn p_floor_div_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return 0u; } return a / b; }
fn p_mod_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return 0u; } return a % b; }`;
