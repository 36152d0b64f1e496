// The most probable pieces of a text under a Unigram model; of equals, those that Rust's tokenizers finds.
import type { Unigram } from "@huggingface/tokenizers";

/** The best way to an end: where its last piece begins, and the sum of scores. */
interface Path {
  readonly from: number;
  readonly piece: string;
  readonly score: number;
}

/** Pieces of `text` with the largest sum of scores. A character that no piece covers stands alone. */
export function bestPieces(model: Unigram, text: string): string[] {
  const characters = Array.from(text);
  const paths: (Path | undefined)[] = [];
  const offer = (to: number, path: Path): void => {
    const known = paths[to];
    // Of equals the piece that begins first stays: `999` is 9 and 99, not 99 and 9.
    if (known === undefined || path.score > known.score) paths[to] = path;
  };
  for (let from = 0; from < characters.length; from++) {
    const before = paths[from - 1]?.score ?? 0;
    let covered = false;
    for (const piece of model.trie.common_prefix_search(characters, from)) {
      const length = Array.from(piece).length;
      const score = model.scores[model.tokens_to_ids.get(piece) ?? -1] ?? model.unk_score;
      offer(from + length - 1, { from, piece, score: before + score });
      covered ||= length === 1;
    }
    if (!covered)
      offer(from, { from, piece: characters[from] ?? "", score: before + model.unk_score });
  }
  return piecesOf(paths);
}

/** The pieces on the best way to the end. */
function piecesOf(paths: readonly (Path | undefined)[]): string[] {
  const backwards: string[] = [];
  for (let path = paths.at(-1); path !== undefined; path = paths[path.from - 1])
    backwards.push(path.piece);
  return backwards.reverse();
}
