// Names of the files in a folder of this machine.
import { listFiles } from "#file-source";
import { kindOf, PrismaError } from "../errors.ts";

/**
 * Names of the files directly in `folder`, a path or file URL, sorted; null where there is no such folder, as there is
 * none in a page.
 * @throws PrismaError ARGUMENT_INVALID
 * @example
 * const names = await listFolder("packages/vit/test/golden/prisma-hooked-vit");
 * names; // ["config.json", "model_0.pth", "model_512.pth"]
 */
export async function listFolder(folder: string | URL): Promise<readonly string[] | null> {
  if (typeof folder !== "string" && !(folder instanceof URL))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `listFolder: a folder is given as a path or a file URL, not as ${kindOf(folder)}`,
    );
  const names = await listFiles(String(folder));
  return names === null ? null : [...names].sort();
}
