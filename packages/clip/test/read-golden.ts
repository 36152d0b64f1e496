// Reads the golden files of this package.
import { byteSource } from "@prisma/tensor";
import { repositoryFile } from "../../../test/repository-file.ts";

/** Bytes of a golden file. */
export async function readGolden(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = byteSource(repositoryFile(`packages/clip/test/golden/${name}`));
  return source.read(0, await source.size());
}

/** A golden JSON file. */
export async function readGoldenJson<T>(name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readGolden(name))) as T;
}

/** Rows of unsigned 16-bit numbers: how many, then those. */
export async function readGoldenIds(name: string): Promise<number[][]> {
  const numbers = new Uint16Array((await readGolden(name)).buffer);
  const rows: number[][] = [];
  for (let at = 0; at < numbers.length; at += 1 + numbers[at]!)
    rows.push([...numbers.subarray(at + 1, at + 1 + numbers[at]!)]);
  return rows;
}

/** The merges of CLIP's release. */
export async function readMerges(): Promise<string> {
  const bytes = await readGolden("tokenizer/bpe_simple_vocab_16e6.txt.gz");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
