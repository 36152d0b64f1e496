// The example of the README, run as it stands.
import { afterEach, expect, test } from "vitest";
import readme from "../README.md?raw";
import * as viz from "../src/index.ts";

afterEach(() => document.body.replaceChildren());

test("the example draws what its second data says", () => {
  const [, example = ""] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const body = example.replace('import { bars } from "@prisma/viz";', "");
  expect(body).not.toContain("import");
  Reflect.construct(Function, ["bars", body])(viz.bars);
  const cells = [...document.querySelectorAll("tbody tr")].map((row) => row.textContent);
  expect(cells).toEqual(["Ankle boot19%", "Trouser81%"]);
});
