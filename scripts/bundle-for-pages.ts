// A bundle as a page would ship it: what is in it, what it still imports, and how large it is.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What came of bundling. */
export interface PageBundle {
  readonly code: string;
  /** Everything that is imported anywhere in it, by name or path. */
  readonly imports: readonly string[];
  /** Minified. */
  readonly bytes: number;
  readonly gzippedBytes: number;
}

/** Bundles the module `source`, as if it lay in `folder`, for browsers. Fails where an import cannot be resolved. */
export async function bundleForPages(folder: string, source: string): Promise<PageBundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: folder, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("esbuild gave no bundle");
  return {
    code: output.text,
    imports: Object.values(metafile.inputs).flatMap((it) => it.imports.map(({ path }) => path)),
    bytes: output.contents.length,
    gzippedBytes: gzipSync(output.contents).length,
  };
}
