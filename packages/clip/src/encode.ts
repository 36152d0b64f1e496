// Batches through a tower: chunk by chunk, each embedding scaled to length 1 unless asked otherwise.
import { concat, PrismaError, scope, type Tensor } from "@prisma/tensor";

/** What `encodeImage` and `encodeText` may be told. */
export interface EncodeOptions {
  /** Scales each embedding to length 1. Default true. */
  readonly normalize?: boolean;
  /** Images or texts that are computed at once. Default 16. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** `x` [..., C], each row scaled to length 1; a row of zeros stays. */
export function unitLength(x: Tensor): Tensor {
  const length = x.square().sum(-1, { keepDims: true }).sqrt(); // [..., 1]
  return x.div(length.maximum(1e-12));
}

/** Ranges of at most `size` of `total`. */
function chunks(total: number, size: number): [from: number, to: number][] {
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => [
    i * size,
    Math.min((i + 1) * size, total),
  ]);
}

/** What is encoded, and the way through the tower. */
export interface EncodeWork {
  readonly total: number;
  /** What the caller calls this. */
  readonly doing: string;
  /** The input of a chunk; the caller of it disposes the result. */
  readonly input: (from: number, to: number) => Tensor | Promise<Tensor>;
  readonly forward: (input: Tensor) => Tensor;
}

/**
 * Embeddings of all chunks, realized. `[total, C]`
 * @throws PrismaError ARGUMENT_INVALID for nothing to encode, or a batch size that is none; CANCELLED
 */
export async function encodeChunks(work: EncodeWork, options: EncodeOptions): Promise<Tensor> {
  const { total, doing } = work;
  const { normalize = true, batchSize = 16, signal } = options;
  if (total === 0)
    throw new PrismaError("ARGUMENT_INVALID", `${doing}: there is nothing to encode`);
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${doing}: batchSize is ${batchSize}; expected a whole number of at least 1`,
    );
  const running = signal === undefined ? {} : { signal };
  const parts: Tensor[] = [];
  try {
    for (const [from, to] of chunks(total, batchSize)) {
      if (signal?.aborted === true)
        throw new PrismaError("CANCELLED", `${doing}: cancelled`, { done: from, total });
      using input = await work.input(from, to);
      const part = scope(() => (normalize ? unitLength(work.forward(input)) : work.forward(input)));
      parts.push(part);
      await part.realize(running);
    }
    const all = scope(() =>
      parts.length === 1 && parts[0] !== undefined ? parts[0].mul(1) : concat(parts, 0),
    );
    return await all.realize(running);
  } finally {
    parts.forEach((part) => part.dispose());
  }
}
