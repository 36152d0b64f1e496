// The reference: evaluates a graph one node at a time in float64, by index arithmetic of its own.
import { machineType, type DType } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import type { Node, NodeOp, Reduction } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { REFERENCE, wrap } from "./scalar.ts";

/** Values of a node in row-major order; for sums and products also the sum of magnitudes, from which error bounds follow. */
export interface Evaluated {
  readonly values: Float64Array;
  readonly magnitudes: Float64Array;
}

type OpOf<Kind extends NodeOp["kind"]> = Extract<NodeOp, { kind: Kind }>;

/** Coordinates of element `place` of `shape`. */
function coordinatesOf(place: number, shape: Shape): number[] {
  const coordinates = new Array<number>(shape.length);
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    coordinates[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return coordinates;
}

/** Row-major place of `coordinates` in `shape`. */
function placeOf(coordinates: readonly number[], shape: Shape): number {
  return coordinates.reduce(
    (place, coordinate, axis) => place * (shape[axis] ?? 1) + coordinate,
    0,
  );
}

/** Evaluates the nodes of one graph. */
class Evaluator {
  readonly #done = new Map<Node, Evaluated>();

  constructor(
    readonly leafValues: (leaf: Node) => ArrayLike<number>,
    readonly round: ((value: number) => number) | null,
  ) {}

  run(nodes: readonly Node[]): Evaluated[] {
    for (const below of topologicalOrder(nodes)) this.#done.set(below, this.#rounded(below));
    return nodes.map((node) => this.valuesOf(node));
  }

  #rounded(node: Node): Evaluated {
    const exact = this.#evaluate(node);
    if (this.round === null || node.dtype !== "f32" || node.inputs.length === 0) return exact;
    return { values: exact.values.map(this.round), magnitudes: exact.magnitudes };
  }

  /** What was computed for `node`. */
  valuesOf(node: Node | undefined): Evaluated {
    const found = node === undefined ? undefined : this.#done.get(node);
    if (found === undefined)
      throw new PrismaError("INTERNAL", "reference: an input was not evaluated");
    return found;
  }

  #input(
    node: Node,
    position = 0,
  ): { readonly values: Float64Array; readonly shape: Shape; readonly dtype: DType } {
    const input = node.inputs[position];
    return {
      values: this.valuesOf(input).values,
      shape: input?.shape ?? [],
      dtype: input?.dtype ?? "f32",
    };
  }

  /** Element by element from the coordinates of the result. */
  #each(node: Node, value: (coordinates: number[], place: number) => number): Evaluated {
    const values = new Float64Array(sizeOf(node.shape));
    for (let place = 0; place < values.length; place++)
      values[place] = value(coordinatesOf(place, node.shape), place);
    return { values, magnitudes: values.map(Math.abs) };
  }

  #evaluate(node: Node): Evaluated {
    const { op } = node;
    switch (op.kind) {
      case "leaf": {
        const values = Float64Array.from(this.leafValues(node));
        return { values, magnitudes: values.map(Math.abs) };
      }
      case "scalar": {
        const value =
          machineType(node.dtype) === "f32"
            ? Math.fround(op.value)
            : node.dtype === "bool"
              ? Number(op.value !== 0)
              : wrap(op.value, node.dtype);
        return this.#each(node, () => value);
      }
      case "index":
        return this.#each(node, (at) => at[op.axis] ?? 0);
      case "map":
        return this.#map(node, op);
      case "reshape": {
        const { values } = this.#input(node);
        return this.#each(node, (_, place) => values[place] ?? Number.NaN);
      }
      case "permute":
        return this.#moved(node, (at) => op.axes.map((_, axis) => at[op.axes.indexOf(axis)] ?? 0));
      case "expand": {
        const { shape } = this.#input(node);
        const lead = node.shape.length - shape.length;
        return this.#moved(node, (at) =>
          shape.map((size, axis) => (size === 1 ? 0 : (at[axis + lead] ?? 0))),
        );
      }
      case "slice":
        return this.#moved(node, (at) =>
          at.map((c, axis) => (op.starts[axis] ?? 0) + c * (op.steps[axis] ?? 1)),
        );
      case "pad":
        return this.#pad(node, op);
      case "concat":
        return this.#concat(node, op);
      case "reduce":
        return this.#reduce(node, op);
      case "contract":
        return this.#contract(node, op);
      case "gather":
        return this.#gather(node, op);
      case "scatterAdd":
        return this.#scatter(node, op);
      case "argSort":
        return this.#ranked(node, op.descending);
      case "argTopK":
        return this.#ranked(node, true);
    }
  }

  #map(node: Node, op: OpOf<"map">): Evaluated {
    const inputs = node.inputs.map((input) => this.valuesOf(input).values);
    const from = node.inputs[node.inputs.length - 1]?.dtype ?? "f32";
    const integer = node.dtype === "i32" || node.dtype === "u32";
    return this.#each(node, (_, place) => {
      const value = REFERENCE[op.fn](
        inputs.map((values) => values[place] ?? Number.NaN),
        from,
      );
      return integer ? wrap(value, node.dtype) : value;
    });
  }

  #moved(node: Node, source: (coordinates: number[]) => number[]): Evaluated {
    const { values, shape } = this.#input(node);
    return this.#each(node, (at) => values[placeOf(source(at), shape)] ?? Number.NaN);
  }

  #pad(node: Node, op: OpOf<"pad">): Evaluated {
    const { values, shape } = this.#input(node);
    const [fill = 0] = this.#input(node, 1).values;
    return this.#each(node, (at) => {
      const source = at.map((c, axis) => c - (op.before[axis] ?? 0));
      const inside = source.every((c, axis) => c >= 0 && c < (shape[axis] ?? 0));
      return inside ? (values[placeOf(source, shape)] ?? Number.NaN) : fill;
    });
  }

  #concat(node: Node, op: OpOf<"concat">): Evaluated {
    return this.#each(node, (at) => {
      let rest = at[op.axis] ?? 0;
      for (let i = 0; i < node.inputs.length; i++) {
        const { values, shape } = this.#input(node, i);
        const size = shape[op.axis] ?? 0;
        if (rest < size)
          return (
            values[
              placeOf(
                at.map((c, axis) => (axis === op.axis ? rest : c)),
                shape,
              )
            ] ?? Number.NaN
          );
        rest -= size;
      }
      return Number.NaN;
    });
  }

  #reduce(node: Node, op: OpOf<"reduce">): Evaluated {
    const { values, shape, dtype } = this.#input(node);
    const groups = Array.from({ length: sizeOf(node.shape) }, (): number[] => []);
    values.forEach((value, place) => {
      const at = coordinatesOf(place, shape).map((c, axis) => (op.axes.includes(axis) ? 0 : c));
      groups[placeOf(at, node.shape)]?.push(value);
    });
    const magnitudes = Float64Array.from(groups, (group) =>
      group.reduce((sum, value) => sum + Math.abs(value), 0),
    );
    return {
      values: Float64Array.from(groups, (group) => reduceGroup(op.fn, group, dtype)),
      magnitudes,
    };
  }

  #contract(node: Node, op: OpOf<"contract">): Evaluated {
    const [a, b] = [this.#input(node, 0), this.#input(node, 1)];
    const summed = op.a.filter((label) => !op.out.includes(label));
    const sizes = summed.map((label) => a.shape[op.a.indexOf(label)] ?? 1);
    const count = sizeOf(sizes);
    const magnitudes = new Float64Array(sizeOf(node.shape));
    const result = this.#each(node, (at, place) => {
      let sum = 0;
      for (let k = 0; k < count; k++) {
        const inner = coordinatesOf(k, sizes);
        const coordinate = (label: number): number =>
          at[op.out.indexOf(label)] ?? inner[summed.indexOf(label)] ?? 0;
        const term =
          (a.values[placeOf(op.a.map(coordinate), a.shape)] ?? 0) *
          (b.values[placeOf(op.b.map(coordinate), b.shape)] ?? 0);
        sum += term;
        magnitudes[place] = (magnitudes[place] ?? 0) + Math.abs(term);
      }
      return sum;
    });
    return { values: result.values, magnitudes };
  }

  #gather(node: Node, op: OpOf<"gather">): Evaluated {
    const { values, shape } = this.#input(node);
    const index = this.#input(node, 1).values;
    return this.#each(node, (at, place) => {
      const wanted = index[place] ?? -1;
      if (wanted < 0 || wanted >= (shape[op.axis] ?? 0))
        return machineType(node.dtype) === "f32" ? Number.NaN : 0;
      return (
        values[
          placeOf(
            at.map((c, axis) => (axis === op.axis ? wanted : c)),
            shape,
          )
        ] ?? Number.NaN
      );
    });
  }

  #scatter(node: Node, op: OpOf<"scatterAdd">): Evaluated {
    const index = this.#input(node, 0).values;
    const { values: source, shape } = this.#input(node, 1);
    const values = new Float64Array(sizeOf(node.shape));
    const magnitudes = new Float64Array(values.length);
    source.forEach((value, place) => {
      const wanted = index[place] ?? -1;
      if (wanted < 0 || wanted >= (node.shape[op.axis] ?? 0)) return;
      const target = placeOf(
        coordinatesOf(place, shape).map((c, axis) => (axis === op.axis ? wanted : c)),
        node.shape,
      );
      values[target] = wrap((values[target] ?? 0) + value, node.dtype);
      magnitudes[target] = (magnitudes[target] ?? 0) + Math.abs(value);
    });
    return { values, magnitudes };
  }

  /** The first places of each row in order, as many as the result has; NaN counts as largest, ties go to the lower place. */
  #ranked(node: Node, descending: boolean): Evaluated {
    const { values: all, shape } = this.#input(node);
    const [length, count] = [shape.at(-1) ?? 1, node.shape.at(-1) ?? 1];
    const values = new Float64Array(sizeOf(node.shape));
    for (let row = 0; row < sizeOf(shape.slice(0, -1)); row++) {
      const at = (place: number): number => all[row * length + place] ?? Number.NaN;
      const compare = (p: number, q: number): number =>
        (descending ? compareValues(at(q), at(p)) : compareValues(at(p), at(q))) || p - q;
      const places = Array.from({ length }, (_, place) => place).sort(compare);
      values.set(places.slice(0, count), row * count);
    }
    return { values, magnitudes: values };
  }
}

/** Negative where `a` is the smaller; NaN counts as largest. */
function compareValues(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

function reduceGroup(fn: Reduction, group: readonly number[], dtype: DType): number {
  switch (fn) {
    case "sum":
      return wrap(
        group.reduce((sum, value) => sum + value, 0),
        dtype,
      );
    case "prod":
      return group.reduce((product, value) => REFERENCE.mul([product, value], dtype), 1);
    case "max":
      return group.reduce((a, b) => Math.max(a, b), -Infinity);
    case "min":
      return group.reduce((a, b) => Math.min(a, b), Infinity);
    case "argmax":
    case "argmin": {
      const nan = group.findIndex(Number.isNaN);
      if (nan >= 0) return nan;
      const best =
        fn === "argmax"
          ? group.reduce((a, b) => Math.max(a, b))
          : group.reduce((a, b) => Math.min(a, b));
      return group.indexOf(best);
    }
  }
}

/**
 * Values of `node` in float64. `leafValues` gives the values of each leaf, row-major.
 * Written for certainty, not speed: every kind by the definition in `graph/node.ts`.
 */
export function evaluate(node: Node, leafValues: (leaf: Node) => ArrayLike<number>): Evaluated {
  const evaluator = new Evaluator(leafValues, null);
  evaluator.run([node]);
  return evaluator.valuesOf(node);
}

/** Values of all `nodes` as {@link evaluate} gives them; with `round`, every f32 value that is computed goes through it. */
export function evaluateAll(
  nodes: readonly Node[],
  leafValues: (leaf: Node) => ArrayLike<number>,
  round: ((value: number) => number) | null = null,
): Evaluated[] {
  return new Evaluator(leafValues, round).run(nodes);
}
