// A hundred scenes that ask the same question: ten garments of one class with ten of the other, and means over them.
import type { Side } from "./compose-scene.ts";
import type { Garment } from "./garments.ts";
import type { Question } from "./question.ts";

/** A scene of two shipped garments, by number, and which of each class it has. */
export interface QuestionScene {
  readonly left: number;
  readonly right: number;
  readonly brighter: Side;
  /** Numbers of the two garments, of the class in question first. */
  readonly pair: readonly [of: number, against: number];
}

/** On which side the class in question stands, and which side is brighter. */
export interface SceneLayout {
  readonly side: Side;
  readonly brighter: Side;
}

/** Scenes of a mean: each of ten shipped garments a class with each of ten others. */
const SCENES = 100;

/**
 * Each garment of class `of` with each of class `against`, laid out alike, up to a hundred. Any first n of them use all garments about
 * equally often, so that a mean over part of them means the same.
 */
export function questionScenes(
  garments: readonly Garment[],
  { of, against }: Question,
  { side, brighter }: SceneLayout,
): QuestionScene[] {
  const ofClass = (label: number): number[] =>
    garments.flatMap((garment, at) => (garment.label === label ? [at] : []));
  const [first, second] = [ofClass(of), ofClass(against)];
  const all = second.flatMap((_, shift) =>
    first.flatMap((one, at) => {
      const other = second[(at + shift) % second.length];
      if (other === undefined) return [];
      const [left, right] = side === "left" ? [one, other] : [other, one];
      return [{ left, right, brighter, pair: [one, other] as const }];
    }),
  );
  return all.slice(0, SCENES);
}

/** Values of one scene, and the garments it is made of. */
export interface SceneValues {
  readonly pair: readonly [of: number, against: number];
  readonly values: Float32Array;
}

/** A mean and its standard error, place by place; errors are NaN below two scenes. */
export interface Spread {
  readonly means: Float32Array;
  readonly errors: Float32Array;
}

/**
 * Mean over scenes, with a standard error that counts that each garment stands in several of them (two-way clustering,
 * Cameron, Gelbach and Miller 2011): with A and B the sums of deviations of all scenes with one garment of either class,
 * variance (c(A) ΣA² + c(B) ΣB² - c(N) Σe²) / N², c(g) = g / (g - 1); never less than without clusters.
 */
export function meanOfScenes(scenes: readonly SceneValues[]): Spread {
  const places = Array.from(scenes[0]?.values ?? [], (_, at) => at);
  const count = scenes.length;
  const means = Float32Array.from(
    places,
    (at) => scenes.reduce((sum, { values }) => sum + (values[at] ?? Number.NaN), 0) / count,
  );
  const errors = Float32Array.from(places, (at) => {
    const deviation = ({ values }: SceneValues): number =>
      (values[at] ?? Number.NaN) - (means[at] ?? Number.NaN);
    const squares = (key: (scene: SceneValues, number: number) => number): number => {
      const sums = new Map<number, number>();
      scenes.forEach((scene, number) => {
        const cluster = key(scene, number);
        sums.set(cluster, (sums.get(cluster) ?? 0) + deviation(scene));
      });
      const sum = [...sums.values()].reduce((total, value) => total + value ** 2, 0);
      return (sums.size / (sums.size - 1)) * sum;
    };
    const apart = squares((_, number) => number);
    const clustered = squares(({ pair }) => pair[0]) + squares(({ pair }) => pair[1]) - apart;
    return Math.sqrt(Math.max(clustered, apart)) / count;
  });
  return { means, errors };
}
