// Coordinates: splitting a flat number over the axes of a shape.
import type { Shape } from "../../shape.ts";
import type { ShaderBuilder } from "./shader-builder.ts";

/** Lines that define `names` as the coordinates of the row-major number `flat` in a shape of `shape`. */
export function splitIndex(
  builder: ShaderBuilder,
  flat: string,
  shape: Shape,
  prefix: string,
  indent = "  ",
): { readonly lines: string; readonly names: string[] } {
  const names = shape.map((_, axis) => `${prefix}${axis}`);
  if (names.length === 1) return { lines: `${indent}let ${names[0]} = ${flat};`, names };
  const lines: string[] = [];
  let rest = flat;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = builder.constant(shape[axis] ?? 1);
    lines.push(
      `${indent}let ${names[axis]} = ${rest} % ${size};`,
      `${indent}let ${prefix}r${axis} = ${rest} / ${size};`,
    );
    rest = `${prefix}r${axis}`;
  }
  if (names.length > 0) lines.push(`${indent}let ${names[0]} = ${rest};`);
  return { lines: lines.join("\n"), names };
}
