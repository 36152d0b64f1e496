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

/** Makes the other garment the brighter one. Text, for the page knows nothing of this program. */
const CHANGE = `new Promise((resolve) => {
  const longTasks = [];
  const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: "longtask" });
  const busy = () => document.querySelector('[data-busy="true"]') !== null;
  const start = performance.now();
  let turn = start;
  let gap = 0;
  document.querySelector('input[name="brighter"]:not(:checked)').click();
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

function line(name: string, values: readonly number[]): string {
  return `  ${name.padEnd(40)} median ${median(values).toFixed(1).padStart(6)} ms, longest ${Math.max(...values).toFixed(1)} ms`;
}

const demo = await serveDemo();
const { page } = await demo.openPage();
await page.locator(".prisma-attention-map").waitFor();
await page.getByRole("radio", { name: "CPU", exact: true }).check();
await page.waitForTimeout(1000);
const first: Change = await page.evaluate(CHANGE);
const changes: Change[] = [];
for (let i = 0; i < CHANGES; i++) changes.push(await page.evaluate(CHANGE));
const longTasks = changes.flatMap((change) => change.longTasks);

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
console.log(
  longTasks.length === 0
    ? "  no task of the main thread took 50 ms"
    : line(`${longTasks.length} tasks of the main thread of 50 ms and more`, longTasks),
);
await demo.close();
