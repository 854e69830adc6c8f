// Public surface of the `hadal` package: what an application may import.
export type { ChatCompletions } from './api/chat.ts'
export { type LoadOptions, loadModel, type Model } from './api/load.ts'
export type * from './api/openai-types.ts'
export type { Place, PlaceOptions } from './api/place.ts'
export { type PlanOptions, plan } from './api/plan.ts'
export {
  type ExportOptions,
  exportStoredModel,
  removeStoredModel,
  type StoredOptions,
  storedModels,
} from './api/stored.ts'
export { type ErrorCode, HadalError } from './lib/error.ts'
export type {
  BenchCache,
  BenchEnvironment,
  BenchEvent,
  BenchModel,
  BenchProgress,
  BenchResult,
  BenchRow,
  BenchSettings,
  BenchTiming,
  CacheKind,
  Check as BenchCheck,
  GpuBytes,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  QuantizeOption,
  StoredModel,
} from './worker/protocol.ts'
