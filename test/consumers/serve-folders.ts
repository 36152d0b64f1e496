// A static server as plain as they come: files of some folders, with their types, and nothing else.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".css": "text/css; charset=utf-8",
  ".png": "image/png",
};

/** Folders being served. */
export interface ServedFolders {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves `folders`, by the address each is found under; an address belongs to the first that it begins with. */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
): Promise<ServedFolders> {
  const server = createServer((request, response) => {
    const path = fileOf(folders, request.url ?? "/");
    readFile(path).then(
      (bytes) => {
        const type = types[extname(path)] ?? "application/octet-stream";
        response.writeHead(200, { "Content-Type": type }).end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    address: `http://127.0.0.1:${address.port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function fileOf(folders: Readonly<Record<string, string>>, url: string): string {
  const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  const prefix = Object.keys(folders).find((it) => path.startsWith(it));
  return prefix === undefined ? "" : join(folders[prefix] ?? "", path.slice(prefix.length));
}
