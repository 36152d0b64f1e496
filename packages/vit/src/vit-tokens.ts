// What stands at each position of a ViT's sequence.
import type { Tokens } from "@prisma/hooks";
import { gridOf, type ViTConfig } from "./config.ts";

const READOUTS = { cls: "cls", gaap: "all", avg: "patches" } as const;

/** The tokens of a ViT of `config`: CLS first where there is one, then the patches row by row. */
export function tokensOf(config: ViTConfig): Tokens {
  const grid = gridOf(config);
  const first = config.useClsToken ? 1 : 0;
  return {
    cls: config.useClsToken ? 0 : null,
    registers: [],
    patches: Array.from({ length: grid[0] * grid[1] }, (_, i) => first + i),
    grid,
    readout: READOUTS[config.classificationType],
  };
}
