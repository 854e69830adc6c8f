// Answers: what does `hadal/core` offer? The engine without a worker, on any WebGPU: for the browser's own workers and for Node.
// It must not know the OpenAI shapes; `hadal` has those.
export { Engine, type EngineOptions, loadEngine } from './engine/engine.ts'
export type { LogitsMode } from './engine/logits.ts'
export type * from './engine/types.ts'
export { type ErrorCode, HadalError } from './lib/error.ts'
export { openFiles } from './weights/files.ts'
export { type HttpOptions, openHttp } from './weights/http.ts'
export { openMemory } from './weights/memory.ts'
export type { Source } from './weights/source.ts'
