// `pnpm bench:page`: how long the built page takes to answer on the CPU device, and whether its main thread stays free meanwhile.
import { cpus } from "node:os";
import { serveDemo } from "../apps/demo/test/serve-demo.ts";

const CHANGES = 30;

/** One change of the scene, in milliseconds. */
interface Change {
  /** From the click to figures that stand. */
  readonly answer: number;
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
  document.querySelector('input[name="brighter"]:not(:checked)').click();
  let begun = false;
  const watch = () => {
    begun ||= busy();
    if (!begun || busy()) return setTimeout(watch, 0);
    const answer = performance.now() - start;
    // Long tasks are reported a moment later.
    setTimeout(() => { observer.disconnect(); resolve({ answer, longTasks }); }, 150);
  };
  watch();
})`;

function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1);
}

const demo = await serveDemo();
const { page } = await demo.openPage();
await page.locator(".prisma-attention-map").waitFor();
await page.getByRole("radio", { name: "CPU", exact: true }).check();
await page.waitForTimeout(1000);
const first: Change = await page.evaluate(CHANGE);
const changes: Change[] = [];
for (let i = 0; i < CHANGES; i++) changes.push(await page.evaluate(CHANGE));
const answers = changes.map((change) => change.answer);
const longTasks = changes.flatMap((change) => change.longTasks);

console.log(`${cpus()[0]?.model ?? "unknown processor"}, Chromium ${demo.browser.version()}`);
console.log(await page.locator(".device-line [role=status]").innerText());
console.log(
  `first answer ${first.answer.toFixed(1)} ms; then over ${CHANGES} changes of the scene`,
);
console.log(`median ${quantile(answers, 0.5)} ms, 95th percentile ${quantile(answers, 0.95)} ms`);
console.log(
  `long tasks on the main thread: ${longTasks.length}${longTasks.length > 0 ? `, longest ${quantile(longTasks, 1)} ms` : ""}`,
);
await demo.close();
