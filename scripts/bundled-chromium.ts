// Unpacks the headless Chromium and the software Vulkan driver of the npm package
// @sparticuz/chromium (linux-x64 only) into node_modules/.cache, once.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { untar } from "./untar.ts";

const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
const source = join(modules, "@sparticuz/chromium");
const cache = join(modules, ".cache/test-browser");

/** Where the parts of the unpacked package lie. */
export interface BundledChromium {
  readonly executable: string;
  /** Folder of libvulkan.so.1 and SwiftShader. */
  readonly vulkan: string;
  readonly vulkanDriver: string;
  /** Folder of the NSS libraries that the executable links. */
  readonly libraries: string;
  readonly fonts: string;
}

/** The bundled Chromium, unpacked on first use (3 s), or undefined where the package has none. */
export function bundledChromium(): BundledChromium | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  if (!existsSync(join(source, "bin/chromium.br"))) return undefined;
  const folder = join(cache, `chromium-${packageVersion()}`);
  if (!existsSync(folder)) unpack(folder);
  return {
    executable: join(folder, "chromium"),
    vulkan: folder,
    vulkanDriver: join(folder, "vk_swiftshader_icd.json"),
    libraries: join(folder, "lib"),
    fonts: folder,
  };
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) {
    throw new Error("@sparticuz/chromium has no version in its package.json");
  }
  return String(manifest.version);
}

/** Two test runs may unpack at once: each works aside, the first to rename wins. */
function unpack(folder: string): void {
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(join(cache, "unpack-"));
  writeFileSync(join(aside, "chromium"), decompress("chromium.br"), { mode: 0o755 });
  for (const name of ["swiftshader", "al2023", "fonts"]) {
    untar(decompress(`${name}.tar.br`), aside);
  }
  writeFileSync(join(aside, "fonts.conf"), fontConfig(folder));
  try {
    renameSync(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

function decompress(name: string): Buffer {
  return brotliDecompressSync(readFileSync(join(source, "bin", name)));
}

function fontConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>
`;
}
