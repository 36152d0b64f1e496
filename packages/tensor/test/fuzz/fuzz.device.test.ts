// Random programs give on every device what the float64 reference gives. A case is one program of one to six operations,
// its last and up to two other values compared. Every lane has programs of its own: Node and the browser each run 20,000 on
// WebAssembly, one thread and two together, and 3,000 on WebGPU; half come from fixed seeds and half from the commit.
import { describe, inject, test } from "vitest";
import type { CommitSeed } from "../../../../scripts/commit-seed.ts";
import { onEachDevice } from "../each-device.ts";
import type { ValueKind } from "./random-leaves.ts";
import { expectPrograms } from "./run-programs.ts";

/** Programs of a lane from fixed seeds, and as many from the commit. WebAssembly has a lane for one thread and one for two. */
const PROGRAMS = { wasm: 5000, webgpu: 1500 } as const;
const PARTS = 5;
const TIMEOUT = 60_000;

/** WGSL promises less than IEEE 754 for special values in arithmetic; tables of special values hold there. */
const KINDS = {
  wasm: (kind: ValueKind) => kind,
  webgpu: (kind: ValueKind) => (kind === "special" ? "normal" : kind),
} as const;

/** Lanes declared so far of each kind; those of a browser come after those of Node. */
const inBrowser = typeof document !== "undefined";
const lanes = { wasm: inBrowser ? 2 : 0, webgpu: inBrowser ? 1 : 0 };
const commit: CommitSeed = inject("commitSeed");

onEachDevice((kind) => {
  const count = PROGRAMS[kind] / PARTS;
  const first = lanes[kind]++ * PROGRAMS[kind];
  const parts = Array.from({ length: PARTS }, (_, part) => first + part * count);

  test.each(parts)(`random programs from %i`, { timeout: TIMEOUT }, (from) =>
    expectPrograms({ from, count }, KINDS[kind]),
  );

  describe.skipIf(commit === null)("of this commit", () => {
    test.each(parts)(`random programs from %i`, { timeout: TIMEOUT }, (from) =>
      expectPrograms({ from: Number(commit) + from, count }, KINDS[kind]),
    );
  });
});
