// The address: what it says comes back, and what it cannot say is refused with a sentence.
import { expect, test } from "vitest";
import { shippedModel } from "../src/model-choice.ts";
import { hubInLink, readLink, writeLink } from "../src/page-link.ts";
import type { LinkState } from "../src/page-link.ts";
import { fakeModel } from "./fixtures/fake-engine.ts";

const fallback: LinkState = {
  left: 15,
  right: 92,
  brighter: "right",
  selected: { layer: 0, head: 1 },
  query: 0,
  edits: [],
};

const shipped = { ...fakeModel, choice: shippedModel };
const read = (search: string) => readLink(search, fallback, 100, fakeModel);

test("what was written is read", () => {
  const state: LinkState = {
    left: 3,
    right: 99,
    brighter: "left",
    selected: { layer: 0, head: 0 },
    query: 2,
    edits: [
      { kind: "cut", head: { layer: 0, head: 3 } },
      { kind: "blind", head: { layer: 0, head: 1 }, hidden: "left" },
    ],
  };
  const search = writeLink({ left: 3, right: 99, brighter: "left" }, state, shipped);
  expect(search).toBe(
    "?left=3&right=99&brighter=left&head=L0H0&from=0,1&edits=L0H3-cut,L0H1-blind-left&weights=0123456789ab",
  );
  expect(read(search)).toEqual({ state, problems: [] });
});

test("CLS has its name, and a picture of one's own leaves the garments out", () => {
  expect(writeLink(null, fallback, shipped)).toBe("?head=L0H1&from=CLS");
  expect(read("?from=CLS").state.query).toBe(0);
});

test("an empty address is the opening example", () => {
  expect(read("")).toEqual({ state: fallback, problems: [] });
});

test.for([
  ["left", "100"],
  ["left", "-1"],
  ["right", "1e1"],
  ["right", ""],
  ["brighter", "up"],
  ["head", "L1H0"],
  ["head", "L0H4"],
  ["head", "<img src=x onerror=alert(1)>"],
  ["from", "1,0"],
  ["from", "R0"],
  ["from", "__proto__"],
  ["edits", "L0H0-explode"],
  ["edits", "L9H0-cut"],
  ["model", "other"],
] as const)("%s=%s is refused", ([name, value]) => {
  const { state, problems } = read(`?${new URLSearchParams({ [name]: value }).toString()}`);
  expect(state).toEqual(fallback);
  expect(problems).toEqual([
    `The link asks for ${name} "${value}", which is not there; the opening example's is shown.`,
  ]);
});

test("a link of other weights is followed, and says that numbers will differ", () => {
  const { state, problems } = read("?edits=L0H3-cut&weights=ffffffffffff");
  expect(state.edits).toHaveLength(1);
  expect(problems).toEqual([
    "The link is of weights ffffffffffff, this page's are 0123456789ab: its numbers will differ.",
  ]);
});

test("a model of the Hub is in the link, and only a name can be one", () => {
  const choice = { kind: "hub", id: "timm/vit_tiny@v1" } as const;
  const search = writeLink(null, fallback, { ...fakeModel, choice });
  expect(search).toBe("?hub=timm/vit_tiny%40v1&head=L0H1&from=CLS");
  expect(hubInLink(search)).toEqual(choice);
  expect(hubInLink("?hub=https://huggingface.co/timm/vit_tiny")).toEqual({
    kind: "hub",
    id: "timm/vit_tiny",
  });
  for (const bad of [
    "",
    "vit",
    "../x",
    "a/b/c",
    "https://evil.example/a",
    "a/b?x",
    "a/..",
    "<b>/c",
  ])
    expect([bad, hubInLink(`?hub=${encodeURIComponent(bad)}`)]).toEqual([bad, null]);
});

test("a folder is not in the link, and whoever opens it is told", () => {
  const choice = { kind: "folder", name: "mine", files: new Map() } as const;
  const search = writeLink(null, fallback, { ...fakeModel, choice });
  expect(search).toContain("folder=mine");
  expect(read(search).problems).toEqual([expect.stringMatching(/a model in somebody's folder/)]);
});
