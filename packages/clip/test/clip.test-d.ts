// Types of pairs: hook names of texts, what is encoded, and what a classifier is.
import type { HookName } from "@prisma/hooks";
import type { Tensor } from "@prisma/tensor";
import type { ViT } from "@prisma/vit";
import { expectTypeOf, test } from "vitest";
import type { Clip, TextTransformer, Tokenizer, ZeroShotViT } from "../src/index.ts";

declare const clip: Clip;
declare const small: TextTransformer<2>;

test("hooks of the text tower are those of a ViT, with layers in range", () => {
  expectTypeOf(small.hookPoint).parameter(0).toEqualTypeOf<HookName<2>>();
  expectTypeOf<"blocks.1.attn.hook_pattern">().toExtend<HookName<2>>();
  // @ts-expect-error there is no such layer
  small.hookPoint("blocks.2.attn.hook_pattern");
  // @ts-expect-error there is no such hook
  clip.text.hookPoint("hook_token_embed");
});

test("texts, ids and tensors are encoded; images are not texts", () => {
  expectTypeOf(clip.encodeText).returns.resolves.toEqualTypeOf<Tensor>();
  void clip.encodeText([[1, 2]]);
  // @ts-expect-error a number is no text
  void clip.encodeText(7);
  // @ts-expect-error there is no such option
  void clip.encodeImage([], { truncate: true });
  expectTypeOf(clip.tokenizer).toEqualTypeOf<Tokenizer | null>();
});

test("a classifier is a ViT", () => {
  expectTypeOf(clip.asClassifier).returns.resolves.toEqualTypeOf<ZeroShotViT>();
  expectTypeOf<ZeroShotViT>().toExtend<ViT>();
});
