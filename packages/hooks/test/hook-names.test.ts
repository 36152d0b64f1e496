// Shorthand names as TransformerLens resolves them, suggestions, and labels of tokens.
import { expect, test } from "vitest";
import { getActName, tokenLabels } from "../src/index.ts";
import { nearestName } from "../src/nearest-name.ts";

test.each([
  [["embed"], "hook_embed"],
  [["full_embed"], "hook_full_embed"],
  [["ln_final"], "hook_ln_final"],
  [["k6"], "blocks.6.attn.hook_k"],
  [["pre5"], "blocks.5.mlp.hook_pre"],
  [["scale4ln1"], "blocks.4.ln1.hook_scale"],
  [["resid_post12"], "blocks.12.hook_resid_post"],
  [["resid_pre", 2], "blocks.2.hook_resid_pre"],
  [["attn", 3], "blocks.3.attn.hook_pattern"],
  [["attn_logits", 0], "blocks.0.attn.hook_attn_scores"],
  [["query", 1], "blocks.1.attn.hook_q"],
  [["key", 1], "blocks.1.attn.hook_k"],
  [["value", 1], "blocks.1.attn.hook_v"],
  [["mlp_pre", 1], "blocks.1.mlp.hook_pre"],
  [["mlp_post", 1], "blocks.1.mlp.hook_post"],
  [["result", 1], "blocks.1.attn.hook_result"],
  [["normalized", 2, "ln2"], "blocks.2.ln2.hook_normalized"],
  [["scale"], "ln_final.hook_scale"],
  [["normalized"], "ln_final.hook_normalized"],
  [["mlp_out", 4, "b"], "blocks.4.hook_mlp_out"],
  [["blocks.3.attn.hook_q"], "blocks.3.attn.hook_q"],
  [["hook_embed"], "hook_embed"],
] as [Parameters<typeof getActName>, string][])("%j is %s", (parts, full) => {
  expect(getActName(...parts)).toBe(full);
});

test("the nearest name takes the fewest edits", () => {
  expect(nearestName("hook_embd", ["hook_pos_embed", "hook_embed"])).toBe("hook_embed");
  expect(nearestName("anything", [])).toBeNull();
});

test("token labels", () => {
  const tokens = {
    cls: 0,
    registers: [1, 2],
    patches: [3, 4, 5, 6, 7, 8],
    grid: [2, 3],
    readout: "cls",
  } as const;
  expect(tokenLabels(tokens)).toEqual([
    "CLS",
    "R0",
    "R1",
    "(0,0)",
    "(0,1)",
    "(0,2)",
    "(1,0)",
    "(1,1)",
    "(1,2)",
  ]);
});
