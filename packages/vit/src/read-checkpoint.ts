// The tensors of one checkpoint file: safetensors, or what torch.save wrote, told apart by its first bytes.
import {
  byteSource,
  PrismaError,
  readSafetensors,
  readTorch,
  type ByteInput,
  type Tensor,
} from "@prisma/tensor";

/** How tensors are read. */
export interface ReadCheckpointOptions {
  readonly signal?: AbortSignal;
  /** In what floats are held. */
  readonly dtype?: "f32" | "f16";
}

/** The first byte of an archive of `torch.save`, and of what it wrote before 1.6; no header of safetensors is that long. */
const TORCH_STARTS: readonly (readonly number[])[] = [
  [0x50, 0x4b, 3, 4],
  [0x80, 2],
];

/**
 * The tensors of the file, lazy; of a PyTorch checkpoint those of its state dict. The caller disposes them.
 * @throws PrismaError ST_* and PT_* as `readSafetensors` and `readTorch` do; CHECKPOINT_MISSING where there is no state dict
 * @example
 * const tensors = await readCheckpoint("models/garment-scenes-vit/model.safetensors");
 * tensors.get("head.bias")!.shape; // [10]
 */
export async function readCheckpoint(
  input: ByteInput,
  options: ReadCheckpointOptions = {},
): Promise<ReadonlyMap<string, Tensor>> {
  const source = byteSource(input);
  const reading = options.signal === undefined ? {} : { signal: options.signal };
  const start = await source.read(0, Math.min(4, await source.size(reading)), reading);
  const isTorch = TORCH_STARTS.some((bytes) => bytes.every((byte, i) => start[i] === byte));
  if (!isTorch) return (await readSafetensors(source, options)).tensors;
  const file = await readTorch(source, options);
  const kept = new Set(file.tensors.values());
  for (const tensor of file.all) if (!kept.has(tensor)) tensor.dispose();
  if (kept.size > 0) return file.tensors;
  throw new PrismaError(
    "CHECKPOINT_MISSING",
    `${source.name}: the checkpoint holds no state dict: no tensor by name, at its top or under model_state_dict, state_dict or model`,
  );
}
