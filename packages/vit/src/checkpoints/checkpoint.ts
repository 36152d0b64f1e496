// Checkpoints of one training, as a folder or its `checkpoints.json` lists them.
import { PrismaError, quoteName } from "@prisma/tensor";

/** One checkpoint of a series along training. */
export interface Checkpoint {
  /** What `loadViT(source, { checkpoint })` takes. */
  readonly name: string;
  /** Images that the model had learned from; null where it is not known. */
  readonly samples: number | null;
  /** Its files, as they lie in the folder; of several each holds some of the tensors. */
  readonly files: readonly string[];
  /** SHA-256 of each file in hex; null where it is not known. */
  readonly sha256: readonly string[] | null;
}

/** Where ViT-Prisma's trainer puts checkpoints, below its configuration. */
export const TRAINER_FOLDER = "Checkpoints";
/** `model_512.pth`: as ViT-Prisma's trainer names a checkpoint after 512 images. */
const TRAINER_FILE = /^(?:Checkpoints\/)?model_(\d{1,15})\.(?:pth|pt|safetensors)$/;

const bySamples = (a: Checkpoint, b: Checkpoint): number => (a.samples ?? 0) - (b.samples ?? 0);

/** The checkpoints among `files`, those of fewer images first. */
export function checkpointsAmong(files: readonly string[]): Checkpoint[] {
  const found = files.flatMap((file): Checkpoint[] => {
    const samples = TRAINER_FILE.exec(file)?.[1];
    if (samples === undefined) return [];
    return [{ name: file, samples: Number(samples), files: [file], sha256: null }];
  });
  return found.sort(bySamples);
}

/**
 * The checkpoint called `wanted`, or after that many images.
 * @throws PrismaError CHECKPOINT_UNKNOWN where there is none, or several
 */
export function findCheckpoint(
  checkpoints: readonly Checkpoint[],
  wanted: string | number,
): Checkpoint {
  const matching = checkpoints.filter(({ name, samples }) =>
    typeof wanted === "number" ? samples === wanted : name === wanted,
  );
  const [found] = matching;
  if (found !== undefined && matching.length === 1) return found;
  const shown = typeof wanted === "number" ? `after ${wanted} images` : quoteName(wanted);
  const some = (matching.length > 1 ? matching : checkpoints).slice(0, 8);
  const names = some.map(({ name }) => quoteName(name)).join(", ");
  throw new PrismaError(
    "CHECKPOINT_UNKNOWN",
    `${matching.length === 0 ? "there is no checkpoint" : "there are several checkpoints"} ${shown}; there ${
      checkpoints.length === 0 ? "is none at all" : `is ${names}`
    }${checkpoints.length > some.length ? ` and ${checkpoints.length - some.length} more` : ""}`,
    { wanted, found: checkpoints.length },
  );
}
