// The test projects: every package in Node and in a headless Chromium, from sources.
import { defineConfig } from "vitest/config";

const sourceCondition = "@prisma/source";

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions: [sourceCondition, "module", "node", "development|production"] },
        ssr: { resolve: { conditions: [sourceCondition, "module", "node", "development|production"] } },
        test: {
          name: "node",
          include: ["packages/*/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.browser.test.ts"],
          environment: "node",
          pool: "forks",
          isolate: false,
        },
      },
    ],
  },
});
