// Serves the built demo with its headers and prints the address. `PORT` chooses the first port
// that is tried; a taken port is passed over.
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const demo = fileURLToPath(new URL("../apps/demo/", import.meta.url));
const vite = createRequire(`${demo}package.json`).resolve("vite");
const { preview } = await import(pathToFileURL(vite).href);

const port = Number(process.env.PORT ?? 4173);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  throw new Error(`PORT is ${process.env.PORT}; it must be a whole number from 0 to 65535`);
}
const server = await preview({ root: demo, preview: { port, host: "127.0.0.1" } });
console.log(`\nThe demo is at ${server.resolvedUrls.local[0]}`);
