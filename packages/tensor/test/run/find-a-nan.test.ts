// The code of the page on finding a NaN, run as it stands, and what it prints.
import { maybeCurrentDevice } from "@prisma/tensor";
import { expect, test } from "vitest";
import * as tensor from "../../src/index.ts";
import { repositoryFile } from "../../../../test/repository-file.ts";
import { runExample } from "../../../../test/run-example.ts";

test("the page names the logarithm, and mends it", async () => {
  const printed: unknown[][] = [];
  await runExample(repositoryFile("docs/how-to/find-a-nan.md"), {
    modules: { "@prisma/tensor": tensor },
    defines: [],
    scope: { console: { log: (...values: unknown[]) => printed.push(values) } },
  });
  await maybeCurrentDevice()?.dispose();
  const [[message] = [], details, [mended] = []] = printed;
  expect(message).toMatch(
    /^ANOMALY: log, called at .*, made -Infinity out of finite values: element \[1,1\] of f32\[2,2\], from 0\. Of it mul .*made NaN\./,
  );
  expect(details).toEqual(["log", [1, 1], [0], -Infinity, expect.anything()]);
  expect(mended).toBeCloseTo(Math.log(2) / 2, 5);
});
