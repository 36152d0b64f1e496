// Linear forms over the coordinates of a shape: `offset + sum(strides[i] * coordinate[i])`, and how views change them.
import type { Shape } from "../shape.ts";
import { addScaled, affine, type Affine } from "./affine.ts";

/** `offset + sum(strides[axis] * coordinate[axis])`: an element's place in a buffer, or a bound to test. */
export interface LinearForm {
  readonly strides: readonly number[];
  readonly offset: Affine;
}

/** The value is present only where `0 <= form(coordinates) < size`. */
export interface Guard {
  readonly form: LinearForm;
  readonly size: number;
}

/** The form of a tensor of `shape` stored densely in row-major order from element 0. */
export function denseForm(shape: Shape): LinearForm {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    strides[axis] = size === 1 ? 0 : stride;
    stride *= size;
  }
  return { strides, offset: affine(0) };
}

/** Axis i of the result is axis `axes[i]` of `form`. */
export function permuteForm(form: LinearForm, axes: readonly number[]): LinearForm {
  return { strides: axes.map((axis) => form.strides[axis] ?? 0), offset: form.offset };
}

/** Axes of size 1 in `from` repeat along `to`; `to` may have further leading axes. */
export function expandForm(form: LinearForm, from: Shape, to: Shape): LinearForm {
  const lead = to.length - from.length;
  const strides = to.map((size, axis) => {
    const source = axis - lead;
    return source < 0 || (from[source] === 1 && size !== 1) ? 0 : (form.strides[source] ?? 0);
  });
  return { strides, offset: form.offset };
}

/** Coordinate c of an axis of the result reads coordinate `start + c * step`. */
export function sliceForm(
  form: LinearForm,
  starts: readonly Affine[],
  steps: readonly number[],
): LinearForm {
  const offset = starts.reduce(
    (sum, start, axis) => addScaled(sum, start, form.strides[axis] ?? 0),
    form.offset,
  );
  return { strides: form.strides.map((stride, axis) => stride * (steps[axis] ?? 1)), offset };
}

/** The same elements in the same order under the shape `to`, or null where no strides can say so. */
export function reshapeForm(form: LinearForm, from: Shape, to: Shape): LinearForm | null {
  const strides = new Array<number>(to.length).fill(0);
  if (to.includes(0)) return { strides, offset: form.offset };
  const sizes: number[] = [];
  const steps: number[] = [];
  from.forEach((size, axis) => {
    if (size === 1) return;
    const stride = form.strides[axis] ?? 0;
    const last = sizes.length - 1;
    if (last >= 0 && steps[last] === stride * size) {
      sizes[last] = (sizes[last] ?? 1) * size;
      steps[last] = stride;
    } else {
      sizes.push(size);
      steps.push(stride);
    }
  });
  let run = sizes.length - 1;
  let covered = 1;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const size = to[axis] ?? 1;
    if (size === 1) continue;
    const runSize = sizes[run];
    if (runSize === undefined || runSize % (covered * size) !== 0) return null;
    strides[axis] = (steps[run] ?? 0) * covered;
    covered *= size;
    if (covered === runSize) {
      run--;
      covered = 1;
    }
  }
  return { strides, offset: form.offset };
}
