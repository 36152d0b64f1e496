// `npm start`: installs, builds and serves the demo on a machine that has only Node and npm.
import { install, pnpmCommand, requireNode, run } from "./pnpm.mjs";

requireNode();
const pnpm = pnpmCommand();

const steps = [
  ["Installing the locked dependencies", () => install(pnpm)],
  [
    "Building the packages and the demo",
    () => run([...pnpm, "build", "--filter=demo", "--output-logs=errors-only"]),
  ],
  ["Serving the demo (stop it with Ctrl+C)", serve],
];

async function serve() {
  await import("./serve.mjs");
  return 0;
}

for (const [index, [title, step]] of steps.entries()) {
  console.log(`\n[${index + 1}/${steps.length}] ${title}`);
  const code = await step();
  if (code !== 0) {
    console.error(`\n${title}: failed with exit code ${code}.`);
    process.exit(code);
  }
}
