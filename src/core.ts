// Public surface of `hadal/core`: models and the engine below them without a worker, on any WebGPU device, in
// Node and in service, shared and own workers.
export type { LoadedModel } from './api/model.ts'
export type { ModelSource, ModelSourceOptions } from './api/model-source.ts'
export type * from './api/openai-types.ts'
export type { ModelStatus } from './api/status.ts'
export { measure } from './bench/measure.ts'
export type * from './bench/result.ts'
export type { TunedDecision, TunedVariant, TuneOptions } from './bench/tune.ts'
export {
  type AdapterTuning,
  type TuneAdapterOptions,
  tuneAdapter,
  tuningKeyOf,
} from './bench/tune-adapter.ts'
export { type LocalLoadOptions, loadModel } from './core/load.ts'
export { type CacheOption, Engine, type EngineLease } from './engine/engine.ts'
export { type EnginePlanOptions, plan } from './engine/load/plan.ts'
export type { ReadTuned, TunedVariants } from './engine/load/tuned-variants.ts'
export { loadEngine } from './engine/load-engine.ts'
export type { EngineOptions } from './engine/options.ts'
export type { LogitsMode } from './engine/run/logits.ts'
export type * from './engine/session-types.ts'
export type * from './engine/types.ts'
export { type DeviceOptions, readCapabilities } from './gpu/device.ts'
export type { Capabilities } from './gpu/limits.ts'
export type { Variants } from './gpu/variants.ts'
export { type ErrorCode, HadalError } from './lib/error.ts'
export { readTuned, writeTuned } from './store/tuned.ts'
export { openFiles } from './weights/files.ts'
export { type HttpOptions, openHttp } from './weights/http.ts'
export { type HubOptions, type HubSource, openHub } from './weights/hub.ts'
export { type HubName, isHubName, parseHubName } from './weights/hub-name.ts'
export { openMemory } from './weights/memory.ts'
export type { FileInfo, Source } from './weights/source.ts'
