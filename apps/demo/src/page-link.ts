// The state of the page as query parameters of its address, read strictly and written back.
import { tokenCount, tokenName } from "@prisma/viz";
import type { HeadIndex } from "@prisma/viz";
import type { Side } from "./compose-scene.ts";
import type { ModelFacts } from "./engine.ts";
import { hubModel, type ModelChoice } from "./model-choice.ts";
import { editKey, headName, parseEdits } from "./head-edits.ts";
import type { HeadEdit } from "./head-edits.ts";

/** What a link holds: two garments, the brighter side, the chosen head, the token that looks, and the edits of heads. */
export interface LinkState {
  readonly left: number;
  readonly right: number;
  readonly brighter: Side;
  readonly selected: HeadIndex;
  readonly query: number;
  readonly edits: readonly HeadEdit[];
}

/** What was read from an address, and a sentence for every parameter that could not be used. */
export interface ReadLink {
  readonly state: LinkState;
  readonly problems: readonly string[];
}

/** Reads an address's query; what is missing or unusable comes from `fallback`, the latter with a sentence. */
export function readLink(
  search: string,
  fallback: LinkState,
  garmentCount: number,
  model: ModelFacts,
): ReadLink {
  const parameters = new URLSearchParams(search);
  const problems: string[] = [];
  const read = <T>(name: string, other: T, parse: (text: string) => T | undefined): T => {
    const text = parameters.get(name);
    if (text === null) return other;
    const value = parse(text);
    if (value !== undefined) return value;
    problems.push(
      `The link asks for ${name} "${text.slice(0, 40)}", which is not there; the opening example's is shown.`,
    );
    return other;
  };
  const garment = (text: string): number | undefined => wholeBelow(text, garmentCount);
  const state = {
    left: read("left", fallback.left, garment),
    right: read("right", fallback.right, garment),
    brighter: read("brighter", fallback.brighter, (text) =>
      text === "left" || text === "right" ? text : undefined,
    ),
    selected: read("head", fallback.selected, (text) => parseHead(text, model)),
    query: read("from", fallback.query, (text) => parseToken(text, model)),
    edits: read("edits", fallback.edits, (text) =>
      parseEdits(text, { ...model, grid: model.tokens.grid }),
    ),
  };
  const folder = parameters.get("folder");
  if (folder !== null) {
    problems.push(
      `The link is of a model in somebody's folder, "${folder.slice(0, 40)}", which no link can hold; the page's own is shown.`,
    );
  }
  read("model", null, (text) => (text === "random" ? text : undefined));
  const weights = parameters.get("weights");
  if (weights !== null && weights !== shortHash(model)) {
    problems.push(
      `The link is of weights ${weights.slice(0, 40)}, this page's are ${shortHash(model)}: its numbers will differ.`,
    );
  }
  return { state, problems };
}

/** Whether an address asks for the twin with random weights. */
export function asksForRandom(search: string): boolean {
  return new URLSearchParams(search).get("model") === "random";
}

/** The Hub model that an address asks for, or null. */
export function hubInLink(search: string): ModelChoice | null {
  return hubModel(new URLSearchParams(search).get("hub") ?? "");
}

/** Enough of the weights' hash to tell weights apart. */
function shortHash({ weights }: ModelFacts): string {
  return weights.slice(0, 12);
}

/** The query for a state; a `scene` of null (a visitor's own picture) leaves the garments out. */
export function writeLink(
  scene: Pick<LinkState, "left" | "right" | "brighter"> | null,
  { selected, query, edits }: Pick<LinkState, "selected" | "query" | "edits">,
  model: ModelFacts & { readonly choice: ModelChoice },
): string {
  const parameters = new URLSearchParams();
  if (model.choice.kind === "hub") parameters.set("hub", model.choice.id);
  if (model.choice.kind === "folder") parameters.set("folder", model.choice.name);
  for (const [name, value] of Object.entries(scene ?? {})) parameters.set(name, String(value));
  if (model.random) parameters.set("model", "random");
  parameters.set("head", headName(selected));
  parameters.set("from", tokenName(model.tokens, query).replace(/[()]/g, ""));
  // What an edit does holds for these weights only.
  if (edits.length > 0) {
    parameters.set("edits", edits.map(editKey).join(","));
    parameters.set("weights", shortHash(model));
  }
  return `?${parameters.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}

function parseHead(text: string, model: ModelFacts): HeadIndex | undefined {
  const match = /^L(\d+)H(\d+)$/.exec(text);
  const layer = wholeBelow(match?.[1] ?? "", model.layers);
  const head = wholeBelow(match?.[2] ?? "", model.heads);
  return layer === undefined || head === undefined ? undefined : { layer, head };
}

function parseToken(text: string, model: ModelFacts): number | undefined {
  const name = text.includes(",") ? `(${text})` : text;
  const names = Array.from({ length: tokenCount(model.tokens) }, (_, token) =>
    tokenName(model.tokens, token),
  );
  const token = names.indexOf(name);
  return token < 0 ? undefined : token;
}

function wholeBelow(text: string, size: number): number | undefined {
  return /^\d{1,6}$/.test(text) && Number(text) < size ? Number(text) : undefined;
}
