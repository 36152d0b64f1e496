// The build of every package: one ES module with its declarations.
import { defineConfig } from "tsup";

export const packageBuild = defineConfig({
  entry: ["src/index.ts"],
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  // tsup 8 injects `baseUrl`, which TypeScript 6 only accepts when told so.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  clean: true,
  treeshake: true,
  splitting: true,
  external: ["webgpu", /^node:/, /^#/],
});
