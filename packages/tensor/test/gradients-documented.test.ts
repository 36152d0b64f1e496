// Every operation says what its gradient is, or that it has none.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** What gives no new values: a name, and what tells of kernels. */
const NO_OPERATION = new Set(["named", "explain"]);

/** Documented functions and methods of a source file: name and comment. */
function documented(file: string): (readonly [name: string, comment: string])[] {
  const source = readFileSync(new URL(`../src/${file}.ts`, import.meta.url), "utf8");
  const pattern =
    /\/\*\*((?:(?!\*\/)[^])*?)\*\/\s*\n\s*(?:export function |async |static )?(\w+)(?:<[^>]*>)?\(/g;
  return [...source.matchAll(pattern)].map(([, comment = "", name = ""]) => [name, comment]);
}

test.each(["elementwise-tensor", "reduction-tensor", "arithmetic-tensor", "tensor", "combine"])(
  "in %s",
  (file) => {
    const operations = documented(file).filter(([name]) => !NO_OPERATION.has(name));
    expect(operations.length).toBeGreaterThan(2);
    const silent = operations.filter(([, comment]) => !/[Gg]radient|differentiable/.test(comment));
    expect(silent.map(([name]) => name)).toEqual([]);
  },
);
