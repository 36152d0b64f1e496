// The public surface of @prisma/hooks.
export { ActivationCache } from "./activation-cache.ts";
export { blockHook, getActName, type BlockHook, type HookName, type LayerIndex, type ModelHook } from "./hook-names.ts";
export { HookPoint, type HookFunction, type TapFunction } from "./hook-point.ts";
export {
  HookedModel,
  type AddHookOptions,
  type CachedRun,
  type HookHandle,
  type HookRow,
  type HookSpec,
  type LayerRange,
  type ResolvedRange,
  type RunWithCacheOptions,
  type RunWithHooksOptions,
} from "./hooked-model.ts";
export { type NameFilter, type NameFilters } from "./name-filter.ts";
export { Pass } from "./pass.ts";
export { tokenLabels, type Readout, type Tokens } from "./tokens.ts";
