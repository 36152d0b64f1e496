// Test setup: a test that prints anything to the console fails.
import { afterEach, beforeEach } from "vitest";

const methods = ["debug", "error", "info", "log", "trace", "warn"] as const;
const originals = methods.map((method) => [method, console[method]] as const);
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  for (const method of methods) {
    console[method] = (...parts: unknown[]) => {
      printed.push(`console.${method}: ${parts.map(String).join(" ")}`);
    };
  }
});

afterEach(() => {
  for (const [method, original] of originals) console[method] = original;
  if (printed.length > 0) throw new Error(`the test printed\n${printed.join("\n")}`);
});
