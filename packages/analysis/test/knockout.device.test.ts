// Attention knockout: who looks at what, before and after. Logits against PyTorch are in edits.device.test.ts.
import { blockHook } from "@prisma/hooks";
import type { Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { editHooks, knockOutAttention, type Edit } from "../src/index.ts";
import { openEdits } from "./edits-golden.ts";

type Pattern = readonly (readonly (readonly (readonly number[])[])[])[];

/** [image][head][query][key] */
const patternOf = async (x: Tensor): Promise<Pattern> => (await x.array()) as unknown as Pattern;

onEachDevice(() => {
  test("cut keys get nothing, the rest shares it in proportion, other queries and heads keep theirs", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean } = golden;
    const cut = { layers: [1], heads: [0, 2], from: ["cls", [2, 1]], to: [[0, 0], 4] } as const;
    const edits = knockOutAttention(model, cut);
    using made = await editHooks(model, edits);
    const names = [0, 1].map((layer) => blockHook(layer, "attn.hook_pattern"));
    using before = await model.runWithCache(clean, { names });
    using after = await model.runWithCache(clean, { names, hooks: made.hooks });
    const [a, b] = [
      await patternOf(before.cache.get("pattern", 1)),
      await patternOf(after.cache.get("pattern", 1)),
    ];
    // CLS, and row 2, column 1 of a grid of 3 x 3; keys: the first patch, and position 4.
    const [queries, keys] = [
      [0, 8],
      [1, 4],
    ];
    let rows = 0;
    b.forEach((heads, image) =>
      heads.forEach((head, h) =>
        head.forEach((row, query) => {
          const old = a[image]![h]![query]!;
          const isCut = h !== 1 && queries!.includes(query);
          const left = old.reduce((sum, x, key) => (keys!.includes(key) ? sum : sum + x), 0);
          const wanted = old.map((x, key) => (keys!.includes(key) ? 0 : x / left));
          (isCut ? wanted : old).forEach((x, key) => expect(row[key]).toBeCloseTo(x, 6));
          keys!.filter(() => isCut).forEach((key) => expect(row[key]).toBe(0));
          rows += Number(isCut);
        }),
      ),
    );
    expect(rows).toBe(2 * 2 * 2);
    const earlier = await after.cache.get("pattern", 0).data();
    expect(earlier).toEqual(await before.cache.get("pattern", 0).data());
  });

  test("edits are plain data, one a layer, and mean the same after a trip through a link", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean } = golden;
    const edits = knockOutAttention(model, { from: ["patches"], to: ["cls"] });
    expect(edits).toEqual(
      [0, 1, 2].map((layer) => ({
        name: `blocks.${layer}.attn.hook_attn_scores`,
        positions: ["patches"],
        keys: ["cls"],
        kind: "knockout",
      })),
    );
    const read = JSON.parse(JSON.stringify(edits)) as Edit[];
    using first = await editHooks(model, edits);
    using second = await editHooks(model, read);
    using a = model.runWithHooks(clean, { hooks: first.hooks });
    using b = model.runWithHooks(clean, { hooks: second.hooks });
    using plain = model.forward(clean);
    expect(await a.data()).toEqual(await b.data());
    expect(await a.data()).not.toEqual(await plain.data());
  });
});
