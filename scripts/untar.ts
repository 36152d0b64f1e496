// Unpacks a tar archive held in memory: regular files and folders of the ustar format, nothing else.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const blockSize = 512;

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly isFile: boolean;
  readonly start: number;
  readonly size: number;
}

/** Writes every file of `archive` below `folder`; throws where an entry would leave it. */
export function untar(archive: Buffer, folder: string): void {
  for (const entry of entries(archive)) {
    const path = normalize(entry.name);
    if (path.startsWith("..") || path.startsWith("/")) {
      throw new Error(`tar entry ${entry.name} points outside of the archive`);
    }
    if (!entry.isFile) continue;
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const content = archive.subarray(entry.start, entry.start + entry.size);
    writeFileSync(target, content, { mode: entry.mode });
  }
}

function* entries(archive: Buffer): Generator<Entry> {
  for (let at = 0; at + blockSize <= archive.length;) {
    const header = archive.subarray(at, at + blockSize);
    const name = text(header, 0, 100);
    if (name === "") return;
    const prefix = text(header, 345, 155);
    const size = octal(header, 124, 12);
    const type = text(header, 156, 1);
    yield {
      name: prefix === "" ? name : `${prefix}/${name}`,
      mode: octal(header, 100, 8),
      isFile: type === "" || type === "0",
      start: at + blockSize,
      size,
    };
    at += blockSize + Math.ceil(size / blockSize) * blockSize;
  }
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

function octal(header: Buffer, start: number, length: number): number {
  return Number.parseInt(text(header, start, length).trim() || "0", 8);
}
