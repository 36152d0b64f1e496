// Runs the pinned pnpm on a machine that has only Node and npm. Plain JavaScript without
// dependencies, because it runs before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const onWindows = process.platform === "win32";
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const pinned = manifest.packageManager.split("+")[0];

/** Ends the process with a message when Node is older than `engines` in package.json. */
export function requireNode() {
  const [wantedMajor, wantedMinor] = manifest.engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  console.error(
    `Node ${wantedMajor}.${wantedMinor} or newer is needed, this is ${process.version}.`,
  );
  process.exit(1);
}

/** Command and leading arguments of pnpm: an installed one of the pinned version, or npx. */
export function pnpmCommand() {
  const options = { cwd: root, encoding: "utf8", shell: onWindows };
  const installed = spawnSync("pnpm", ["--version"], options);
  if (installed.status === 0 && installed.stdout.trim() === pinned.split("@")[1]) return ["pnpm"];
  return ["npx", "-y", pinned];
}

/** Installs exactly what the lockfile names; returns the exit code. */
export function install(pnpm) {
  return run([
    ...pnpm,
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    "--reporter=append-only",
  ]);
}

/**
 * Runs a command in the root folder with its output shown; resolves to its exit code. With `watch`, its output goes to
 * `print` as it comes and to `onLine` line by line.
 */
export function run([command, ...args], watch) {
  const env = {
    ...process.env,
    CI: "true",
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
  };
  const output = watch === undefined ? "inherit" : "pipe";
  const stdio = ["ignore", output, output];
  const child = spawn(command, args, { cwd: root, env, stdio, shell: onWindows });
  if (watch !== undefined) {
    forwardLines(child.stdout, watch);
    child.stderr.on("data", watch.print);
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function forwardLines(stream, { onLine, print }) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    print(text);
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  stream.on("end", () => onLine(rest));
}
