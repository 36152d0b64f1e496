// Edits as hooks: against PyTorch with tensors changed in place, and what must hold to the bit.
import { blockHook } from "@prisma/hooks";
import { memory, type Tensor } from "@prisma/tensor";
import type { ViT } from "@prisma/vit";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { editHooks, editSource, type Edit, type EditSources } from "../src/index.ts";
import { EDIT_SETS, openEdits, type GoldenEdits } from "./edits-golden.ts";
import { differenceOf } from "./golden-attribution.ts";

/** Milliseconds: a software GPU compiles many shaders here. */
const SLOW = 120_000;

/** Every activation that a golden edit averages. */
const AVERAGED = (name: string): boolean =>
  /full_embed$|hook_(z|result|q_input|attn_out|mlp_out)$/.test(name);

async function logitsUnder(
  model: ViT,
  input: Tensor,
  { edits, sources = {} }: { edits: readonly Edit[]; sources?: EditSources },
): Promise<Float32Array> {
  using made = await editHooks(model, edits, sources);
  using logits = model.runWithHooks(input, { hooks: made.hooks });
  return Float32Array.from(await logits.data());
}

async function logitsOf(model: ViT, input: Tensor): Promise<Float32Array> {
  using logits = model.forward(input);
  return Float32Array.from(await logits.data());
}

const sourcesOf = ({ reference, clean, corrupted }: GoldenEdits): EditSources => ({
  reference,
  from: { clean, corrupted },
});

/** Largest difference, and what is allowed: nothing on WebAssembly; on WebGPU, where other kernels run, two millionths of the largest. */
function compare(
  kind: "wasm" | "webgpu",
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
): { worst: number; allowed: number } {
  const [a, b] = [Array.from(found), Array.from(wanted)];
  const largest = Math.max(...b.map(Math.abs));
  const worst = Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
  return { worst, allowed: kind === "wasm" ? 0 : 2e-6 * largest };
}

function expectEqual(...args: Parameters<typeof compare>): void {
  expect(args[1]).toHaveLength(args[2].length);
  const { worst, allowed } = compare(...args);
  expect(worst).toBeLessThanOrEqual(allowed);
}

onEachDevice((kind) => {
  test.each(EDIT_SETS)("%s: logits under edits are PyTorch's", { timeout: SLOW }, async (set) => {
    using golden = await openEdits(set, AVERAGED);
    const { model, clean, index, expected } = golden;
    const sources = sourcesOf(golden);
    const wrong: string[] = [];
    const plain = differenceOf(expected.get("logits.clean"), await logitsOf(model, clean));
    if (plain !== null) wrong.push(`no edits: ${plain}`);
    for (const { name, edits } of index.cases) {
      const found = await logitsUnder(model, clean, { edits, sources });
      const difference = differenceOf(expected.get(`edits.${name}`), found);
      if (difference !== null) wrong.push(`${name}: ${difference}`);
      // An edit that changes nothing would agree with anything.
      expect(differenceOf(expected.get("logits.clean"), found), name).not.toBeNull();
    }
    expect(wrong).toEqual([]);
  });

  test("no edits, and a patch of a run from itself, leave every bit", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean } = golden;
    const plain = await logitsOf(model, clean);
    expectEqual(kind, await logitsUnder(model, clean, { edits: [] }), plain);
    const from = { self: clean };
    for (const name of ["blocks.1.attn.hook_z", "blocks.0.attn.hook_pattern", "hook_full_embed"]) {
      const edits = [{ name, kind: "from", source: "self" } as const];
      expectEqual(kind, await logitsUnder(model, clean, { edits, sources: { from } }), plain);
    }
  });

  test("all of the last residual stream from another run gives that run's logits", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean, corrupted } = golden;
    const name = blockHook(model.layers - 1, "hook_resid_post");
    const edits = [{ name, kind: "from", source: "corrupted" } as const];
    const found = await logitsUnder(model, clean, { edits, sources: sourcesOf(golden) });
    expectEqual(kind, found, await logitsOf(model, corrupted));
    const each = golden.model.tokens.patches.map((at) => ({ ...edits[0]!, positions: [at] }));
    const cls = { ...edits[0]!, positions: ["cls"] as const };
    const parts = await logitsUnder(model, clean, {
      edits: [...each, cls],
      sources: sourcesOf(golden),
    });
    expectEqual(kind, parts, found);
  });

  test("cutting a head changes it, nothing before it and no other head of its layer", async () => {
    using golden = await openEdits("timm-cls", "blocks.*.attn.hook_z");
    const { model, clean, reference } = golden;
    using cut = await editHooks(model, [{ name: "blocks.1.attn.hook_z", heads: [2] }], {
      reference,
    });
    using before = await model.runWithCache(clean);
    using after = await model.runWithCache(clean, { hooks: cut.hooks });
    const changed: string[] = [];
    for (const [name, x] of before.cache) {
      const other = after.cache.get(name);
      const { worst, allowed } = compare(kind, await other.data(), await x.data());
      if (worst > allowed) changed.push(name);
    }
    // Everything from that layer's z on, and nothing else.
    const firstChanged = model.hookNames.indexOf("blocks.1.attn.hook_z");
    const downstream = [...before.cache.keys()].filter(
      (name) => model.hookNames.indexOf(name) >= firstChanged,
    );
    expect(changed).toEqual(downstream);
    const [z, cutZ] = [before, after].map(({ cache }) => cache.get("z", 1));
    using others = z!.get([null, null, [0, 2]]);
    using cutOthers = cutZ!.get([null, null, [0, 2]]);
    expectEqual(
      kind,
      Float32Array.from(await cutOthers.data()),
      Float32Array.from(await others.data()),
    );
    using head = cutZ!.get([0, null, 2]);
    using mean = reference.mean("blocks.1.attn.hook_z").get([0, null, 2]);
    expect(await head.data()).toEqual(await mean.data());
  });

  test("edits of one image leave the others' logits as they were", async () => {
    using golden = await openEdits("timm-cls", "blocks.*.attn.hook_z");
    const { model, clean, reference } = golden;
    const edits: Edit[] = [
      { name: "blocks.0.attn.hook_z", heads: [1], images: [0] },
      { name: "hook_full_embed", positions: [[0, 0]], images: [0], kind: "zero" },
    ];
    const plain = await logitsOf(model, clean);
    const found = await logitsUnder(model, clean, { edits, sources: { reference } });
    const classes = plain.length / 2;
    expectEqual(kind, found.subarray(classes), plain.subarray(classes));
    expect(found.subarray(0, classes)).not.toEqual(plain.subarray(0, classes));
  });

  test("a cache is a source; another head or position replays the plan", async () => {
    using golden = await openEdits("timm-cls", "blocks.*.attn.hook_z");
    const { model, clean, corrupted } = golden;
    using run = await model.runWithCache(corrupted, { names: "blocks.*.attn.hook_z" });
    const sources = { from: { other: await editSource(model, run.cache) } };
    const patch = { name: "blocks.0.attn.hook_z", kind: "from", source: "other" } as const;
    const first = [{ ...patch, heads: [0], positions: [1] }];
    const found = await logitsUnder(model, clean, { edits: first, sources });
    const { plans } = memory();
    // Below the number that is kept, so that none falls out unseen.
    expect(plans).toBeLessThan(256);
    const others: Edit[][] = [
      [{ ...patch, heads: [2], positions: ["cls"] }],
      [{ ...patch, heads: [0, 1] }],
      [
        { ...patch, heads: [1], positions: ["patches"] },
        { ...patch, positions: [[0, 0]] },
      ],
    ];
    for (const edits of others) {
      expect(await logitsUnder(model, clean, { edits, sources })).not.toEqual(found);
    }
    expect(memory().plans).toEqual(plans);
    const { corrupted: input } = golden;
    const fromInput = await logitsUnder(model, clean, {
      edits: first,
      sources: { from: { other: input } },
    });
    expectEqual(kind, fromInput, found);
  });
});
