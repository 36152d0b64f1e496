// The public surface of @prisma/hooks.
export { ActivationCache } from "./activation-cache.ts";
export {
  blockHook,
  getActName,
  type ActName,
  type BlockHook,
  type HookName,
  type LayerIndex,
  type LayerType,
  type ModelHook,
  type PoolHook,
  type Shorthand,
} from "./hook-names.ts";
export { HookPoint, type HookFunction, type TapFunction } from "./hook-point.ts";
export { HookedModel } from "./hooked-model.ts";
export type {
  ClassName,
  FoundTarget,
  LogitDirections,
  LogitDirectionsOptions,
  LogitTarget,
} from "./logit-directions.ts";
export { type NameFilter, type NameFilters } from "./name-filter.ts";
export { Pass } from "./pass.ts";
export type {
  AddHookOptions,
  CachedRun,
  HookHandle,
  HookRow,
  HookSpec,
  LayerRange,
  ResolvedRange,
  RunWithCacheOptions,
  RunWithHooksOptions,
} from "./run-options.ts";
export { tokenLabels, type Readout, type Tokens } from "./tokens.ts";
