// Writes the measured part of PARITY.md: `pnpm parity`.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { repositoryFile } from "../../test/repository-file.ts";
import { testBrowser } from "../test-browser.ts";
import type { SetErrors, WorstError } from "./golden-errors.ts";
import type { DeviceErrors } from "./measure.ts";

const start = promisify(execFile);
const page = repositoryFile("PARITY.md");
const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

/** Runs the measurement in a process that has the graphics driver of the tests. */
async function measure(): Promise<readonly DeviceErrors[]> {
  const script = fileURLToPath(new URL("measure.ts", import.meta.url));
  const runner = fileURLToPath(repositoryFile("node_modules/tsx/dist/cli.mjs"));
  const { stdout } = await start(
    process.execPath,
    [runner, "--conditions=@prisma/source", script],
    { env: { ...testBrowser().nodeEnv, ...process.env }, maxBuffer: 2 ** 24 },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as readonly DeviceErrors[];
}

const power = (x: number): string => (x === 0 ? "0" : x.toExponential(1));

function cell({ relative, ofAllowed }: WorstError): string {
  return `${power(relative)} (${(100 * ofAllowed).toFixed(0)} %)`;
}

function row(device: string, { set, hooks, output, activations, gradients }: SetErrors): string {
  return `| \`${set}\` | ${device} | ${hooks} | ${[output, activations, gradients].map(cell).join(" | ")} |`;
}

function table(devices: readonly DeviceErrors[]): string {
  const names = { wasm: "WASM", webgpu: "WebGPU" };
  const sets = devices[0]?.sets.map(({ set }) => set) ?? [];
  const rows = sets.flatMap((name) =>
    devices.flatMap(({ kind, sets: found }) =>
      found.filter(({ set }) => set === name).map((one) => row(names[kind], one)),
    ),
  );
  return [
    "| golden set | device | hooks | output | worst activation | worst gradient |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const devices = await measure();
const text = await readFile(page, "utf8");
const [before = "", rest = ""] = text.split(BEGIN);
const after = rest.split(END)[1] ?? "";
await writeFile(page, `${before}${BEGIN}\n\n${table(devices)}\n\n${END}${after}`);
console.log(
  `PARITY.md: ${devices.map(({ kind, sets }) => `${sets.length} sets on ${kind}`).join(", ")}`,
);
