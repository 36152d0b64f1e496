// What the sources say of themselves: every public name is documented, and every `@example` runs and is true.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as analysis from "../packages/analysis/src/index.ts";
import * as clip from "../packages/clip/src/index.ts";
import * as hooks from "../packages/hooks/src/index.ts";
import * as tensor from "../packages/tensor/src/index.ts";
import * as vit from "../packages/vit/src/index.ts";
import * as viz from "../packages/viz/src/index.ts";
import { readMerges } from "../packages/clip/test/read-golden.ts";
import { listFiles, readText } from "../scripts/checks/source-files.ts";
import { publicNames, type PublicName } from "../scripts/public-names.ts";
import { checkExample, type Claim } from "./check-example.ts";
import { nodeDocument } from "./node-document.ts";
import { repositoryFile } from "./repository-file.ts";
import { typeErrors } from "./type-errors.ts";

const modules: Readonly<Record<string, object>> = { tensor, hooks, vit, clip, analysis, viz };

/** What an example may use: the exports of its package and of those it may import. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  tensor: ["tensor"],
  hooks: ["tensor", "hooks"],
  vit: ["tensor", "hooks", "vit"],
  clip: ["tensor", "hooks", "vit", "clip"],
  analysis: ["tensor", "hooks", "vit", "analysis"],
  viz: ["viz"],
};
const exportsFor = (name: string): object =>
  Object.assign({}, ...(scopes[name] ?? []).map((it) => modules[it]));

const folders = ["models/", fileURLToPath(repositoryFile("apps/demo/public/models/"))] as const;
const [modelFolder, scene] = ["garment-scenes-vit", "garment-scenes-vit/scenes/000.png"].map(
  (path) => folders[1] + path,
);

const smallClip = fileURLToPath(repositoryFile("packages/clip/test/golden/clip"));

/** Runs an example on a device of its own, so that it starts and ends with nothing on it. */
async function runExample(name: string, code: string): Promise<Claim[]> {
  if (name === "viz") return checkExample(code, { ...exportsFor(name), document: nodeDocument() });
  const device = await tensor.init({ device: "wasm", threads: 1 });
  try {
    const placed = code.replaceAll('"models/small-clip"', JSON.stringify(smallClip));
    return await checkExample(placed.replaceAll(`"${folders[0]}`, `"${folders[1]}`), {
      ...exportsFor(name),
      ...(name === "tensor" ? {} : await modelAndImages()),
      ...(name === "clip" ? await clipAndTokenizer() : {}),
    });
  } finally {
    for (const one of new Set([device, tensor.maybeCurrentDevice()])) await one?.dispose();
  }
}

/** What examples of models call `model` and `images`: the demo's, and one of its scenes, `[1, 1, 28, 56]`. */
async function modelAndImages(): Promise<{ model: vit.ViT; images: tensor.Tensor }> {
  const model = await vit.loadViT(modelFolder!);
  return { model, images: await model.preprocess(scene!) };
}

/** What examples of pairs call `clip`, a small random one, and `tokenizer`, that of CLIP's release. */
async function clipAndTokenizer(): Promise<{ clip: clip.Clip; tokenizer: clip.Tokenizer }> {
  const tokenizer = clip.createTokenizer({ merges: await readMerges() });
  return { clip: await clip.loadClip(smallClip), tokenizer };
}

const names = publicNames(Object.keys(scopes));
const placeOf = ({ name, place }: PublicName): string => `${name} (${place})`;

/** Own examples of `package`; inherited members have theirs where they are declared. */
function examplesOf(name: string): (readonly [name: string, code: string])[] {
  const declared = (names.get(name) ?? []).filter((it) => it.place.startsWith(`packages/${name}/`));
  return declared.flatMap((it) => it.examples.map((code) => [it.name, code] as const));
}

/** All examples of a package as a module, each in a function of its own. */
function moduleOf(name: string): string {
  const imports = (scopes[name] ?? []).map((it) => {
    const exported = (names.get(it) ?? []).filter((one) => !one.name.includes("."));
    const list = exported.map(({ name }) => (name in modules[it]! ? name : `type ${name}`));
    return `import { ${list.join(", ")} } from "../packages/${it}/src/index.ts";`;
  });
  const fixtures =
    'declare const model: import("../packages/vit/src/index.ts").ViT;\n' +
    'declare const tokenizer: import("../packages/clip/src/index.ts").Tokenizer;\n' +
    'declare const clip: import("../packages/clip/src/index.ts").Clip;\n' +
    'declare const images: import("../packages/tensor/src/index.ts").Tensor;';
  const functions = examplesOf(name).map(([, code]) => `void (async () => {\n${code}\n});`);
  return [...imports, fixtures, ...functions].join("\n");
}

describe.each([...names])("@prisma/%s", (name, own) => {
  test("every public name is documented", () => {
    expect(own.filter((it) => it.description === "").map(placeOf)).toEqual([]);
  });

  test("every public function and method has an example", () => {
    expect(own.filter((it) => it.callable && it.examples.length === 0).map(placeOf)).toEqual([]);
  });

  test.each(examplesOf(name))("%s", async (_, code) => {
    for (const { statement, found, expected } of await runExample(name, code)) {
      expect(found, statement).toEqual(expected);
    }
  });
});

test("every example of the sources is one that ran", () => {
  const inSources = listFiles()
    .filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path))
    .flatMap((path) => readText(path)?.match(/@example/g) ?? []);
  expect(Object.keys(scopes).flatMap(examplesOf)).toHaveLength(inSources.length);
});

test("every example compiles, and what should not does not", () => {
  const sources = Object.keys(scopes).map(
    (name) => [`${name}-examples.ts`, moduleOf(name)] as const,
  );
  const wrong = ["wrong.ts", "export const two: string = 1 + 1;"] as const;
  expect(typeErrors(new Map([...sources, wrong]))).toEqual([
    "test/wrong.ts export const two: string = 1 + 1;: Type 'number' is not assignable to type 'string'.",
  ]);
});

describe("an example", () => {
  test("that claims something wrong is told from one that does not", async () => {
    const claims = await checkExample("const x = 1;\nx + 1; // 2\n[x, -x]; // [1, 1]", {});
    expect(claims.map(({ expected }) => expected)).toEqual([2, [1, 1]]);
    expect(claims.map(({ found }) => found)).toEqual([2, [1, -1]]);
  });

  test.each([
    ["prose behind an expression", "1 + 1; // about two", "is no value"],
    ["a name that is no literal", "1 + 1; // two", "is no value"],
    ["a comment behind a declaration", "const two = 1 + 1; // 2", "1 comments, of which 0"],
    ["a comment on a line of its own", "// adds\n1 + 1;", "1 comments, of which 0"],
    ["a name that is not there", "nothing.there; // 1", "nothing is not defined"],
  ])("with %s is refused", async (_, code, message) => {
    await expect(checkExample(code, {})).rejects.toThrow(message);
  });
});
