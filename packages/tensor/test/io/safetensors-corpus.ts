// The malformed-safetensors corpus: every case by id, what must come of it, and how its bytes are made.
import type { CorpusCase } from "./corpus/corpus-case.ts";
import { entries } from "./corpus/entries.ts";
import { headerTexts, repeatedKeys } from "./corpus/header-text.ts";
import { lengths } from "./corpus/lengths.ts";
import { limits, metadataTexts } from "./corpus/limits.ts";
import { offsets } from "./corpus/offsets.ts";
import { validFiles } from "./corpus/valid-files.ts";

/** Classes V (valid) and A to G (to be refused, but for the few that are marked ok). */
export const safetensorsCorpus: readonly CorpusCase[] = [
  ...validFiles,
  ...lengths,
  ...headerTexts,
  ...repeatedKeys,
  ...entries,
  ...offsets,
  ...metadataTexts,
  ...limits,
];

/** The cases behind a title each, for `test.each`. */
export const titledCases = safetensorsCorpus.map(
  (one) => [`${one.id}: ${one.what} -> ${one.expected}`, one] as const,
);
