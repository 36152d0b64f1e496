// What a package may cost a page, with all of ours that it stands on; `pnpm size` and a test hold it against the built packages.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleForPages } from "./bundle-for-pages.ts";

/** Bytes of everything a package exports, minified and gzipped. A ceiling is raised by the commit that needs it, with a reason. */
export const ceilings: Readonly<Record<string, number>> = {
  tensor: 96_000,
  hooks: 54_000,
  vit: 150_000,
  // The tokenizer library takes 10 kB of it, the names of HTML's character references another 10.
  clip: 180_000,
  // With the package of pairs, which pages fetch only when they load one.
  analysis: 205_000,
  viz: 18_000,
};

const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));

/** Whether the package `name` has been built. */
export const isBuilt = (name: string): boolean => existsSync(`${folderOf(name)}dist/index.js`);

/** Minified and gzipped bytes of all that the built package `name` exports. */
export async function gzippedSize(name: string): Promise<number> {
  const all = 'export * from "./dist/index.js";';
  return (await bundleForPages(folderOf(name), all)).gzippedBytes;
}

/** By how much `bytes` are over the ceiling of `name`, in words; null when they are not. */
export function excess(name: string, bytes: number): string | null {
  const ceiling = ceilings[name];
  if (ceiling === undefined) return `${name}: ${kilobytes(bytes)} gzipped, and no ceiling`;
  if (bytes <= ceiling) return null;
  const over = `${kilobytes(bytes - ceiling)} over its ceiling of ${kilobytes(ceiling)}`;
  return `${name}: ${kilobytes(bytes)} gzipped, ${over}`;
}

/** `77.7 kB` for 77,746. */
export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
