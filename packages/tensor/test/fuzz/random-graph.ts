// Random short programs of tensor operations, for comparing devices with the float64 reference.
import { tensor, type Tensor } from "@prisma/tensor";
import type { Node } from "../../src/graph/node.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";
import {
  randomKind,
  randomLayout,
  randomShape,
  randomValue,
  type ValueKind,
} from "./random-leaves.ts";
import { RandomSource } from "./random-source.ts";
import { overNothing, STEPS } from "./random-steps.ts";

/** A random program: its results, the values of its leaves, what kind they are, and what it did. */
export interface RandomProgram {
  readonly outputs: readonly Tensor[];
  readonly leaves: ReadonlyMap<Node, ArrayLike<number>>;
  readonly kind: ValueKind;
  readonly steps: readonly string[];
}

/** Writes a random program, one step after another. */
export class Writer {
  readonly leaves = new Map<Node, ArrayLike<number>>();
  readonly steps: string[] = [];
  readonly pool: Tensor[] = [];

  constructor(
    readonly random: RandomSource,
    readonly kind: ValueKind,
  ) {}

  /** A tensor of values of the program's kind, which f16 holds where they are normal; dense or a view of one. */
  leaf(shape: Shape): Tensor {
    const x = randomLayout((own) => this.#dense(own), shape, this.random);
    this.pool.push(x);
    return x;
  }

  #dense(shape: Shape): Tensor {
    const values = Float32Array.from({ length: sizeOf(shape) }, () =>
      randomValue(this.random, this.kind),
    );
    const dtype = this.kind === "normal" && this.random.chance(0.2) ? "f16" : "f32";
    const x = tensor(values, { shape, dtype });
    this.leaves.set(x.node, values);
    return x;
  }

  /** Something of exactly `shape`, or that broadcasts to it. */
  partner(shape: Shape): Tensor {
    const fits = this.pool.filter(
      (x) =>
        x.dtype === "f32" &&
        x.shape.length === shape.length &&
        x.shape.every((size, axis) => size === shape[axis]),
    );
    if (fits.length > 0 && this.random.chance(0.5)) return this.random.pick(fits);
    const drop = this.random.chance(0.3) ? this.random.below(shape.length + 1) : 0;
    return this.leaf(
      shape.slice(drop).map((size) => (this.random.chance(0.25) && size > 0 ? 1 : size)),
    );
  }

  /** Something of exactly the shape of `x`. */
  partnerOf(x: Tensor): Tensor {
    return this.random.chance(0.5) ? x : this.leaf(x.shape);
  }

  /** Takes a random step, unless it does not apply. */
  step(): void {
    const x = this.random.pick(this.pool);
    const empty = x.shape.includes(0) && this.random.chance(0.3);
    const [name, apply] = empty ? overNothing : this.random.pick(STEPS);
    const y = apply(this, x);
    if (y === null || y.size > 20_000) return;
    this.steps.push(`${name} ${JSON.stringify(x.shape)} -> ${JSON.stringify(y.shape)}`);
    this.pool.push(y);
  }

  /** A random axis of `x`. */
  axis(x: Tensor): number {
    return this.random.below(x.rank);
  }
}

/** A program of one to `most` steps from `seed`, with one to three results. */
export function randomProgram(
  seed: number,
  most: number,
  kinds: (kind: ValueKind) => ValueKind = (kind) => kind,
): RandomProgram {
  const random = new RandomSource(seed);
  const kind = kinds(randomKind(random));
  const writer = new Writer(random, kind);
  writer.leaf(randomShape(random));
  const length = random.between(1, most);
  // Steps that do not apply are drawn again, a few times.
  for (let i = 0; i < 4 * length && writer.steps.length < length; i++) writer.step();
  const results = random.shuffle(writer.pool.filter((x) => x.node.op.kind !== "leaf")).slice(0, 2);
  const last = writer.pool[writer.pool.length - 1]!;
  return {
    outputs: [...new Set([last, ...results])],
    leaves: writer.leaves,
    kind,
    steps: writer.steps,
  };
}
