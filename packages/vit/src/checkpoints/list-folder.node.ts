// Names of the files in a folder, in Node.
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Names of the files directly in the folder at `address`, a path or file URL; null where there is no such folder. */
export async function listFolder(address: string): Promise<readonly string[] | null> {
  try {
    const path = address.startsWith("file:") ? fileURLToPath(address) : address;
    const entries = await readdir(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]));
  } catch {
    return null;
  }
}
