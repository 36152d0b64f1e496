// A seed for random tests that is new with every commit.
import { spawnSync } from "node:child_process";

/** A whole number, or null outside a git checkout. */
export type CommitSeed = number | null;

declare module "vitest" {
  interface ProvidedContext {
    commitSeed: CommitSeed;
  }
}

/** The first 28 bits of the commit's hash, or null outside a git checkout. */
export function commitSeed(): CommitSeed {
  const { stdout, status } = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : null;
}
