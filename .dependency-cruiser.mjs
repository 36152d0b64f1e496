// The package walls and the rooms inside the tensor package (ARCHITECTURE.md), and no import cycle.

/** One package may import only the packages listed for it. */
const walls = {
  tensor: [],
  hooks: ["tensor"],
  vit: ["tensor", "hooks"],
  clip: ["tensor", "hooks", "vit"],
  analysis: ["tensor", "hooks"],
  viz: [],
};

/** One room of packages/tensor/src may import only the rooms listed for it, and itself. */
const rooms = {
  graph: [],
  reference: ["graph"],
  ops: ["graph"],
  schedule: ["graph"],
  codegen: ["graph", "schedule"],
  device: ["codegen", "graph", "schedule"],
  autograd: ["graph", "ops"],
  io: ["graph"],
  run: ["device", "graph", "schedule"],
};

const packageSource = (name) => `^packages/${name}/src/`;
const alternatives = (names) => names.join("|");

const wallRules = Object.entries(walls).map(([name, allowed]) => ({
  name: `wall-${name}`,
  comment: `${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no package of ours"}`,
  severity: "error",
  from: {
    path: packageSource(name),
    ...(name === "analysis" ? { pathNot: "^packages/analysis/src/load-model\\.ts$" } : {}),
  },
  to: {
    path: "^(packages|apps|bench)/",
    pathNot: `^packages/(${alternatives([name, ...allowed])})/`,
  },
}));

const roomRules = Object.entries(rooms).map(([name, allowed]) => ({
  name: `room-${name}`,
  comment: `tensor/src/${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no other room"}`,
  severity: "error",
  from: { path: `^packages/tensor/src/${name}/` },
  to: {
    path: `^packages/tensor/src/(${alternatives(Object.keys(rooms))})/`,
    pathNot: [
      `^packages/tensor/src/(${alternatives([name, ...allowed])})/`,
      // The schedule respects a device's limits; the port that states them is types only.
      ...(name === "schedule" ? ["^packages/tensor/src/device/device\\.ts$"] : []),
    ],
  },
}));

export default {
  forbidden: [
    ...wallRules,
    ...roomRules,
    {
      name: "room-kernel-only",
      comment: "behind the schedule, only its kernel description is known",
      severity: "error",
      from: { path: "^packages/tensor/src/(codegen|device)/" },
      to: {
        path: "^packages/tensor/src/schedule/",
        pathNot: "^packages/tensor/src/schedule/kernel[^/]*\\.ts$",
      },
    },
    {
      name: "room-port-is-types",
      comment: "only types of the device port are known outside of device/",
      severity: "error",
      from: { path: "^packages/tensor/src/(graph|ops|schedule|codegen)/" },
      to: {
        path: "^packages/tensor/src/device/device\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "wall-inside-only",
      comment: "packages meet at their public entry, not at each other's files",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/src/" },
      to: {
        path: "^packages/([^/]+)/src/",
        // `@prisma/tensor/worker` is a public entry too: the program of a page's own worker file.
        pathNot: [
          "^packages/$2/src/",
          "^packages/[^/]+/src/index\\.ts$",
          "^packages/tensor/src/device/wasm/worker-main\\.ts$",
        ],
      },
    },
    {
      name: "wall-node-only",
      comment: "Node's modules are imported only in *.node.ts, so that all else runs in a page",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: "\\.node\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "wall-unlisted",
      comment: "a package imports only what its package.json lists and what is installed",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/" },
      to: { couldNotResolve: true },
    },
    {
      name: "wall-development-only",
      comment: "what a package runs with is a dependency or a peer, not a development dependency",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer", "type-only"],
      },
    },
    {
      name: "wall-reference",
      comment:
        "the reference shares nothing with what it checks but graph, dtype, errors, shape and random",
      severity: "error",
      from: { path: "^packages/tensor/src/reference/" },
      to: {
        path: "^packages/tensor/src/",
        pathNot: "^packages/tensor/src/(reference/|graph/|(dtype|errors|shape|random)[^/]*\\.ts$)",
      },
    },
    {
      name: "cycle",
      comment: "no file reaches itself through run-time imports",
      severity: "error",
      from: { path: "^(packages|apps|bench|scripts)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(packages|apps)/[^/]+/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@prisma/source", "import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
    },
  },
};
