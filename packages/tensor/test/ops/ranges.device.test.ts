// `get` and `set` against nested loops over coordinates, for random shapes and random ranges of every form.
import { scope, tensor, type Range, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { sizeOf } from "../../src/shape.ts";
import { onEachDevice } from "../each-device.ts";
import { RandomSource } from "../fuzz/random-source.ts";

/** A range, and the places it names. */
interface Choice {
  readonly range: Range;
  readonly places: readonly number[];
}

/** `place`, half the time counted from the end. */
function maybeNegative(random: RandomSource, place: number, size: number): number {
  return place < size && random.chance(0.5) ? place - size : place;
}

function randomChoice(random: RandomSource, size: number): Choice {
  const kind = random.below(4);
  if (kind === 0) return { range: null, places: Array.from({ length: size }, (_, i) => i) };
  if (kind === 1) {
    const place = random.below(size);
    return { range: maybeNegative(random, place, size), places: [place] };
  }
  if (kind === 2) {
    const from = random.below(size + 1);
    const to = random.between(from, size);
    const places = Array.from({ length: to - from }, (_, i) => from + i);
    return { range: [maybeNegative(random, from, size), maybeNegative(random, to, size)], places };
  }
  const places = Array.from({ length: random.below(5) }, () => random.below(size));
  return { range: { list: places.map((place) => maybeNegative(random, place, size)) }, places };
}

/** Row-major places in `shape` that `choices` name, in the order of the region. */
function regionOf(choices: readonly Choice[], shape: readonly number[]): number[] {
  return choices.reduce<number[]>(
    (starts, { places }, axis) =>
      starts.flatMap((start) => places.map((place) => start * shape[axis]! + place)),
    [0],
  );
}

interface Trial {
  readonly shape: readonly number[];
  readonly ranges: readonly Range[];
  readonly region: readonly number[];
  readonly kept: readonly number[];
}

function randomTrial(random: RandomSource): Trial {
  const shape = Array.from({ length: random.between(1, 4) }, () => random.between(1, 6));
  const choices = shape.map((size) => randomChoice(random, size));
  const kept = choices.flatMap(({ range, places }) =>
    typeof range === "number" ? [] : [places.length],
  );
  return {
    shape,
    ranges: choices.map(({ range }) => range),
    region: regionOf(choices, shape),
    kept,
  };
}

async function read(
  build: () => Tensor,
): Promise<{ readonly shape: readonly number[]; readonly values: number[] }> {
  using result = scope(build);
  return { shape: result.shape, values: [...(await result.data())] };
}

onEachDevice(() => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))("get and set, seed %i", async (seed) => {
    const { shape, ranges, region, kept } = randomTrial(new RandomSource(seed));
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
    const part = await read(() => tensor(values, { shape }).get(ranges));
    expect(part).toEqual({ shape: kept, values: region.map((place) => values[place]!) });

    const written = [...values];
    region.forEach((place, i) => (written[place] = -1 - i));
    const news = Float32Array.from(region, (_, i) => -1 - i);
    const whole = await read(() =>
      tensor(values, { shape }).set(ranges, tensor(news, { shape: kept })),
    );
    expect(whole).toEqual({ shape, values: written });
  });
});
