// Public surface of the `hadal` package: what an application may import.
export { type LoadOptions, loadModel } from './api/load.ts'
export type { LoadedModel } from './api/model.ts'
export type { ModelSource, ModelSourceOptions } from './api/model-source.ts'
export type * from './api/openai-types.ts'
export { type PlanOptions, plan } from './api/plan.ts'
export type { ModelStatus } from './api/status.ts'
export {
  type DownloadModelOptions,
  type DownloadSource,
  downloadModel,
  type ExportModelOptions,
  exportStoredModel,
  removeStoredModel,
  type SaveFile,
  type StoredModelName,
  type StoredModelOptions,
  storedModels,
} from './api/stored.ts'
export { isSupported } from './api/supported.ts'
export type * from './endpoint/types.ts'
export { type ErrorCode, HadalError } from './lib/error.ts'
export type { FinalAnswerKind } from './vote/final-answer.ts'
export { type Vote, type VoteCount, type VotedChoice, type VoteOptions, vote } from './vote/vote.ts'
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
  CacheCheck as BenchCheck,
  CacheKind,
  GpuBytes,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  QuantizeOption,
  StoredModel,
} from './worker/protocol.ts'
