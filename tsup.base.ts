// The build of every package: one ES module with its declarations, and beside it the modules that
// exist once for Node and once for browsers, and the program of workers.
import { defineConfig } from "tsup";

export const packageBuild = defineConfig({
  // `#name` imports stay as they are: package.json maps them to these files by platform.
  entry: ["src/index.ts", "src/**/*.node.ts", "src/**/*.web.ts", "src/**/worker-main.ts"],
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  dts: {
    entry: "src/index.ts",
    // tsup 8 injects `baseUrl`, which TypeScript 6 only accepts when told so.
    compilerOptions: { ignoreDeprecations: "6.0" },
  },
  sourcemap: true,
  clean: true,
  treeshake: true,
  splitting: true,
  external: ["webgpu", /^node:/, /^#/],
});
