// The vocabulary of edits: what to do to which activation, as plain data that fits in a link.

/** Positions of a sequence by what stands there: all patches, all registers, CLS, a number from 0, or a patch by row and column. */
export type EditPosition =
  | "cls"
  | "patches"
  | "registers"
  | number
  | readonly [row: number, column: number];

/** Which part of which activation is edited. */
export interface EditedPart {
  /** Full hook name: `blocks.2.attn.hook_z`. */
  readonly name: string;
  /** Heads, from 0; only where the activation has an axis of heads. Default all. */
  readonly heads?: readonly number[];
  /** Positions; of attention scores and patterns, those of the queries. Default all. */
  readonly positions?: readonly EditPosition[];
  /** Images of the batch, from 0. Default all. */
  readonly images?: readonly number[];
}

/** Puts in the mean over a reference set, for each position its own. The default kind. */
export interface MeanEdit extends EditedPart {
  readonly kind?: "mean";
}

/** Puts in zeros. No activation of a real picture is like that: the model is then off its distribution. */
export interface ZeroEdit extends EditedPart {
  readonly kind: "zero";
}

/** Puts in what the activation is for another image. */
export interface ResampleEdit extends EditedPart {
  readonly kind: "resample";
  /** Place of that image in the reference set, from 0. */
  readonly source: number;
}

/** Puts in what the activation is in another run: a patch. */
export interface FromEdit extends EditedPart {
  readonly kind: "from";
  /** Name of that run among the sources. */
  readonly source: string;
}

/** Sets attention scores to -Infinity before the softmax, so that queries do not look at keys. Made by `knockOutAttention`. */
export interface KnockoutEdit extends EditedPart {
  readonly kind: "knockout";
  /** Positions that may not be looked at. */
  readonly keys: readonly EditPosition[];
}

/** One edit of one activation: plain data. Without `kind` it is a mean. */
export type Edit = MeanEdit | ZeroEdit | ResampleEdit | FromEdit | KnockoutEdit;

/** What an edit does. */
export type EditKind = NonNullable<Edit["kind"]>;
