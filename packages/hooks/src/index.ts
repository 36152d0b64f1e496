// The public surface of @prisma/hooks.
export { ActivationCache } from "./activation-cache.ts";
export type { AccumulatedResidOptions } from "./accumulated-resid.ts";
export type { ApplyLnOptions } from "./apply-ln.ts";
export type { LabelledStack } from "./cache-view.ts";
export type { CachedModel } from "./cached-model.ts";
export type { DecomposeResidOptions, ResidOptions } from "./decompose-resid.ts";
export type { StackHeadOptions } from "./head-results.ts";
export type { FullResidOptions } from "./full-decomposition.ts";
export type { NeuronOptions, StackNeuronOptions } from "./neuron-results.ts";
export type { ProjectOptions } from "./project-rows.ts";
export type { LogitAttrsOptions } from "./logit-attrs.ts";
export {
  checkHooks,
  type CheckHooksOptions,
  type HookLiveness,
  type HooksCheck,
} from "./check-hooks.ts";
export type { CheckedModel } from "./checked-model.ts";
export {
  compareDevices,
  type CompareDevicesOptions,
  type DeviceComparison,
  type DeviceError,
} from "./compare-devices.ts";
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
export {
  HookPoint,
  type HookDirection,
  type HookEntry,
  type HookFunction,
  type HookSelection,
  type TapFunction,
} from "./hook-point.ts";
export { HookedModel } from "./hooked-model.ts";
export type {
  ClassName,
  FoundTarget,
  LogitDirections,
  LogitDirectionsOptions,
  LogitTarget,
} from "./logit-directions.ts";
export { type NameFilter, type NameFilters } from "./name-filter.ts";
export type { PositionSlice } from "./position-slice.ts";
export { Pass } from "./pass.ts";
export type {
  AddHookOptions,
  CachedRun,
  HookHandle,
  HookRow,
  HookSpec,
  LayerRange,
  ResetHooksOptions,
  ResolvedRange,
  RunWithCacheOptions,
  RunWithHooksOptions,
} from "./run-options.ts";
export { textTable } from "./text-table.ts";
export { tokenLabels, type Readout, type Tokens } from "./tokens.ts";
