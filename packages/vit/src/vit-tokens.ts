// What stands at each position of a ViT's sequence.
import type { Tokens } from "@prisma/hooks";
import { gridOf, prefixCount, type ViTConfig } from "./config.ts";

const READOUTS = {
  cls: "cls",
  gaap: "all",
  avg: "patches",
  map: "map",
  distilled: "distilled",
} as const;

function countFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The tokens of a ViT of `config`: CLS, the distillation token and registers where there are such, then the patches row by row. */
export function tokensOf(config: ViTConfig): Tokens {
  const { useClsToken, useDistToken, nRegisters, classificationType } = config;
  const grid = gridOf(config);
  const prefix = prefixCount(config);
  return {
    cls: useClsToken ? 0 : null,
    distillation: useDistToken ? Number(useClsToken) : null,
    registers: countFrom(prefix - nRegisters, nRegisters),
    patches: countFrom(prefix, grid[0] * grid[1]),
    grid,
    readout: READOUTS[classificationType],
  };
}
