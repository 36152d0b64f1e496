// `npm test`: installs, builds, then runs every check and test, and ends in one line of totals.
// A stage may end its output with a line "N passed, N failed, N skipped"; otherwise it counts as one.
import { install, pnpmCommand, requireNode, run } from "./pnpm.mjs";

requireNode();
const pnpm = pnpmCommand();
const totals = { passed: 0, failed: 0, skipped: 0 };
const startedAt = Date.now();

const vitest = (project) => ["exec", "tsx", "scripts/run-tests.ts", project];
// One group after another; the stages of a group run side by side, for each keeps one core busy.
const groups = [
  [["build", ["build", "--output-logs=errors-only"]]],
  [["checks", ["exec", "tsx", "scripts/check.ts"]]],
  [
    ["tests in Node", vitest("node")],
    ["tests in a browser", vitest("browser")],
  ],
  [["tests of the pages", vitest("pages")]],
];

await runStage("install", () => install(pnpm));
// Nothing below can run without the dependencies.
if (totals.failed === 0) {
  for (const group of groups) await Promise.all(group.map(runGrouped));
}

const seconds = Math.round((Date.now() - startedAt) / 1000);
console.log(`\nAll stages took ${seconds} s.`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** The first of a group shows its output as it comes, the others when they have ended. */
async function runGrouped([title, args], place) {
  const shown = [];
  const print = place === 0 ? (text) => process.stdout.write(text) : (text) => shown.push(text);
  await runStage(title, (onLine) => run([...pnpm, ...args], { onLine, print }), print);
  process.stdout.write(shown.join(""));
}

async function runStage(title, stage, print = (text) => process.stdout.write(text)) {
  print(`\n=== ${title}\n`);
  let counts;
  const code = await stage((line) => {
    const match = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line.trim());
    if (match !== null) counts = match.slice(1).map(Number);
  });
  const [passed, failed, skipped] = counts ?? (code === 0 ? [1, 0, 0] : [0, 1, 0]);
  totals.passed += passed;
  totals.failed += code !== 0 && failed === 0 ? 1 : failed;
  totals.skipped += skipped;
}
