// The worker's program kept as text is what its sources bundle to.
import { expect, it } from "vitest";
import { bundleWorker, currentWorker } from "../../../../scripts/build-worker.ts";

it("is up to date; if not, run `pnpm build:worker`", async () => {
  expect(currentWorker()).toBe(await bundleWorker());
});
