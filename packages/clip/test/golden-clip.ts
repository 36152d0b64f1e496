// Golden sets of pairs: both towers' activations and gradients, embeddings and logits, from PyTorch in float64.
import { tensor, type Tensor } from "@prisma/tensor";
import { repositoryFile } from "../../../test/repository-file.ts";
import { readExpected, type Expected, type GoldenIndex } from "../../vit/test/golden-set.ts";
import { loadClip, type Clip } from "../src/index.ts";
import { readGoldenJson } from "./read-golden.ts";

/** One tower's part of `golden.json`. */
export type TowerIndex = Omit<GoldenIndex, "config" | "model">;

/** `golden.json` */
export interface ClipIndex {
  readonly text: TowerIndex;
  readonly vision?: TowerIndex;
  readonly pair: readonly string[];
}

/** A golden set, opened. */
export interface GoldenClip {
  readonly clip: Clip;
  readonly index: ClipIndex;
  readonly pair: ReadonlyMap<string, Expected>;
}

/** The folder of a golden set. */
export const clipFolder = (name: string): URL =>
  repositoryFile(`packages/clip/test/golden/${name}/`);

/** The golden set `name`; the caller disposes the pair. */
export async function openGolden(name: string): Promise<GoldenClip> {
  const index = await readGoldenJson<ClipIndex>(`${name}/golden.json`);
  const pair = await readExpected(clipFolder(name), index.pair);
  return { clip: await loadClip(clipFolder(name)), index, pair };
}

/** What `expected` holds, as an input. */
export function inputOf({ values, shape }: Expected): Tensor {
  return tensor(values, { shape });
}

/** Largest difference in units of what is allowed; equal infinities do not differ. */
export async function errorOf(found: Tensor, expected: Expected, repeat?: number): Promise<number> {
  const values = await found.data();
  const copies = repeat === undefined ? 1 : found.shape[repeat]!;
  const row = expected.shape.at(-1) ?? 1;
  const place = (i: number): number =>
    copies === 1 ? i : Math.floor(i / (row * copies)) * row + (i % row);
  let worst = values.length === expected.values.length * copies ? 0 : Infinity;
  values.forEach((value: number, i: number) => {
    const want = expected.values[place(i)]!;
    if (value === want) return;
    const off = Math.abs(value - want);
    if (!(off <= worst)) worst = off;
  });
  return worst / expected.tolerance;
}
