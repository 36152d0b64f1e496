// Package walls, tensor's rooms and import cycles, from one run of dependency-cruiser.
import { runTool } from "./command.ts";
import type { Report } from "./report.ts";

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
  readonly cycle?: readonly { readonly name: string }[];
}

/** Three reports: walls between packages, rooms inside the tensor package, cycles. */
export function checkImports(): Report[] {
  const cruiser = "node_modules/dependency-cruiser/bin/dependency-cruise.mjs";
  const config = ["--config", ".dependency-cruiser.mjs", "--output-type", "json"];
  const { text } = runTool(cruiser, [...config, "packages", "apps", "bench", "scripts"]);
  const violations = parseViolations(text);
  const report = (name: string, prefix: string): Report => ({
    name,
    problems: violations.filter((it) => it.rule.name.startsWith(prefix)).map(describe),
  });
  return [
    report("package walls", "wall-"),
    report("tensor's rooms", "room-"),
    report("import cycles", "cycle"),
  ];
}

function parseViolations(text: string): readonly Violation[] {
  const output: { summary: { violations: Violation[]; totalCruised: number } } = JSON.parse(text);
  if (output.summary.totalCruised === 0) throw new Error("dependency-cruiser read no file");
  return output.summary.violations;
}

function describe({ from, to, rule, cycle }: Violation): string {
  const path = cycle === undefined ? to : cycle.map((step) => step.name).join(" -> ");
  return `${rule.name}: ${from} -> ${path}`;
}
