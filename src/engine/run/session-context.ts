// The parts of an engine that the tasks of sessions need.
import type { ModelInfo } from '../types.ts'
import type { PrefixCache } from './prefix-cache.ts'
import type { RequestContext } from './request.ts'
import type { Runtime } from './runtime.ts'

export interface SessionContext {
  readonly runtime: Runtime
  readonly prefixes: PrefixCache
  readonly info: ModelInfo
  readonly model: RequestContext
}
