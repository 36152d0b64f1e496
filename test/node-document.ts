// A document in Node, as somebody who draws figures there has one. The DOM library is a dependency of viz's tests.
import { createRequire } from "node:module";
import { repositoryFile } from "./repository-file.ts";

/** An empty page. */
export function nodeDocument(): Document {
  const require = createRequire(repositoryFile("packages/viz/package.json"));
  const library: { parseHTML(html: string): { document: Document } } = require("linkedom");
  return library.parseHTML("<!doctype html><html><head></head><body></body></html>").document;
}
