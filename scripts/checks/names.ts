// File names: the name of a source file says what it exports (the linter sees to the kebab-case). A file of one or two
// exports is named after one of them; a file of several after what they have in common, which no script can judge.
import type { FileShape } from "./file-shape.ts";
import type { Report } from "./report.ts";

/** Exports up to which a file must bear the name of one. */
const FEW = 2;

const nameless = /^(utils?|helpers?|common|types?|misc)$/;

/** Complains about names that say nothing and about files that export nothing of their name. */
export function checkFileNames(files: readonly FileShape[]): Report {
  const sources = files.filter((file) => /^packages\/[^/]+\/src\//.test(file.path));
  return { name: "file names", problems: sources.flatMap(nameProblem) };
}

function nameProblem(file: FileShape): string[] {
  const name = file.path.replace(/^.*\//, "").replace(/(\.(node|web))?\.tsx?$/, "");
  if (name === "index" || file.exports.length === 0) return [];
  if (nameless.test(name)) return [`${file.path}: the name says nothing about its content`];
  if (file.exports.length > FEW) return [];
  const matches = file.exports.some((exported) => related(name, exported));
  return matches ? [] : [`${file.path}: exports ${file.exports.join(", ")}, nothing of its name`];
}

/** Whether a word of the file name occurs in the exported name, a plural counting as one. */
function related(name: string, exported: string): boolean {
  const folded = exported.replace(/[^a-zA-Z0-9]/g, "").toLowerCase();
  return name.split("-").some((word) => folded.includes(word.replace(/s$/, "")));
}
