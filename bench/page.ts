// `pnpm bench:page`: how long the built page takes to answer on the CPU device, and whether its main thread stays free meanwhile.
import { cpus } from "node:os";
import { serveDemo } from "../apps/demo/test/serve-demo.ts";
import { median } from "./measure.ts";

const CHANGES = 20;

/** One change of the scene, in milliseconds. */
interface Change {
  /** From the click to figures that stand. */
  readonly answer: number;
  /** The longest time that a timer of the page had to wait meanwhile. */
  readonly gap: number;
  /** Tasks of the main thread of 50 ms and more (Long Tasks API). */
  readonly longTasks: readonly number[];
}

/** Clicks what `target` finds, and waits until figures stand. Text, for the page knows nothing of this program. */
const change = (target: string): string => `new Promise((resolve) => {
  const longTasks = [];
  const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: "longtask" });
  const busy = () => document.querySelector('[data-busy="true"]') !== null;
  const start = performance.now();
  let turn = start;
  let gap = 0;
  (${target}).click();
  let begun = false;
  const watch = () => {
    const now = performance.now();
    gap = Math.max(gap, now - turn);
    turn = now;
    begun ||= busy();
    if (!begun || busy()) return setTimeout(watch, 0);
    // Long tasks are reported a moment later.
    setTimeout(() => { observer.disconnect(); resolve({ answer: now - start, gap, longTasks }); }, 150);
  };
  watch();
})`;

/** The garment that is not the brighter one. */
const BRIGHTEN = change(`document.querySelector('input[name="brighter"]:not(:checked)')`);
/** What a visitor does to a head: its button's place, and whether attention is shown as what it adds. */
const EDITS = [
  { name: "cut", button: 0, attention: "Looks" },
  { name: "patched", button: 1, attention: "Looks" },
  { name: "kept from one half", button: 2, attention: "Looks" },
  { name: "cut, contributions shown", button: 0, attention: "Adds" },
] as const;
const editHead = (button: number): string =>
  change(`document.querySelectorAll(".actions button")[${button}]`);
const chooseHead = (at: number): string =>
  `document.querySelectorAll(".spine figure")[0].querySelectorAll("button")[${at}].click()`;

/** The value that 19 of 20 do not exceed. */
function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
}

function line(name: string, values: readonly number[]): string {
  return `  ${name.padEnd(44)} median ${median(values).toFixed(1).padStart(6)} ms, 95th percentile ${percentile95(values).toFixed(1)} ms, longest ${Math.max(...values).toFixed(1)} ms`;
}

const demo = await serveDemo();
const { page } = await demo.openPage();
await page.locator(".prisma-attention-map").waitFor();
await page.getByRole("radio", { name: "CPU", exact: true }).check();
await page.waitForTimeout(1000);
const first: Change = await page.evaluate(BRIGHTEN);
const changes: Change[] = [];
for (let i = 0; i < CHANGES; i++) changes.push(await page.evaluate(BRIGHTEN));
// Every cell but the MLPs', twice; the first time plans are made and kernels compiled.
const heads = Array.from({ length: 20 }, (_, at) => at).filter((at) => at % 5 < 4);
const edits: { readonly name: string; readonly made: readonly Change[] }[] = [];
for (const { name, button, attention } of EDITS) {
  await page.getByRole("radio", { name: attention, exact: true }).check();
  await page.waitForTimeout(500);
  for (const time of ["first time", "again"]) {
    const made: Change[] = [];
    for (const head of heads) {
      await page.evaluate(chooseHead(head));
      made.push(await page.evaluate(editHead(button)));
      // What the model does without edits is known: taking one back computes nothing.
      await page.getByRole("button", { name: "Undo all" }).click();
    }
    edits.push({ name: `a head ${name}, ${time}`, made });
  }
}
const longTasks = [...changes, ...edits.flatMap(({ made }) => made)].flatMap(
  (change) => change.longTasks,
);

console.log(
  `Chromium ${demo.browser.version()}, ${cpus()[0]?.model ?? "unknown processor"}, ${new Date().toISOString().slice(0, 10)}`,
);
console.log(`  ${await page.locator(".device-line [role=status]").innerText()}`);
console.log(`\nFirst change of the scene, then ${CHANGES} more`);
console.log(line("first answer", [first.answer]));
console.log(
  line(
    "answer",
    changes.map((change) => change.answer),
  ),
);
console.log(
  line(
    "longest wait of a timer on the main thread",
    changes.map((change) => change.gap),
  ),
);
for (const { name, made } of edits)
  console.log(
    line(
      name,
      made.map((edit) => edit.answer),
    ),
  );
console.log(
  longTasks.length === 0
    ? "  no task of the main thread took 50 ms"
    : line(`${longTasks.length} tasks of the main thread of 50 ms and more`, longTasks),
);
await demo.close();
