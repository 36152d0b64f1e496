// A case of the corpus of malformed PyTorch checkpoints, and what its builders share.
import type { ErrorCode } from "../../../src/errors.ts";
import type { TorchLimits } from "../../../src/io/torch-limits.ts";
import { checkpoint, dict, pickle, tensorCall, text } from "./torch-file.ts";

/** A malformed or hostile file, and the code it is refused with. */
export interface TorchCase {
  readonly what: string;
  readonly code: ErrorCode;
  readonly build: () => Uint8Array<ArrayBuffer>;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly limits?: TorchLimits;
}

/** The pickle that every case is a fault of: one tensor called `w`. */
export const GOOD = pickle(dict(text("w"), tensorCall()));

/** The checkpoint that every case is a fault of. */
export const goodTorch = (): Uint8Array<ArrayBuffer> => checkpoint(GOOD);

/** What a case may say besides. */
export type More = Pick<TorchCase, "details" | "limits">;

/** A pickle of `body`. */
export const pickled = (
  what: string,
  code: ErrorCode,
  body: Uint8Array,
  more: More = {},
): TorchCase => ({
  what,
  code,
  build: () => checkpoint(pickle(body)),
  ...more,
});

/** A pickle of these very bytes. */
export const raw = (
  what: string,
  code: ErrorCode,
  data: Uint8Array,
  more: More = {},
): TorchCase => ({
  what,
  code,
  build: () => checkpoint(data),
  ...more,
});
