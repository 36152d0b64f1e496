// Builds the demo from the built packages, as a user of them would; `dev` reads their sources.
import { defineConfig } from "vite";
import { isolationHeaders, pageHeaders } from "./headers.ts";

export default defineConfig(({ command, isPreview }) => ({
  base: "./",
  // One page: a missing file is a 404, not the page again.
  appType: "mpa",
  resolve:
    command === "serve" && isPreview !== true
      ? { conditions: ["@prisma/source", "module", "browser", "development|production"] }
      : {},
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", modulePreload: { polyfill: false } },
  worker: { format: "es" },
  server: { headers: isolationHeaders },
  preview: { headers: pageHeaders },
}));
