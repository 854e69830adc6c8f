// Opens what a host answers with: a model from its source, plans, and the benchmark.
import type { Engine } from '../engine/engine.ts'
import { plan } from '../engine/load/plan.ts'
import { loadEngine } from '../engine/load-engine.ts'
import type { EngineOptions } from '../engine/options.ts'
import { definedFields } from '../lib/check.ts'
import { readTuned } from '../store/tuned.ts'
import type { Source } from '../weights/source.ts'
import { engineHost } from './host.ts'
import { openModelSource } from './model-source.ts'
import type { RemoteEngine } from './protocol.ts'

/** What the thread decides: which GPU, and where tuning results lie. */
export type ThreadOptions = Pick<EngineOptions, 'gpu' | 'gpuDevice' | 'device' | 'tuned' | 'shaders'>

/**
 * The host of an engine on this thread's GPU.
 * @param opened the model's files, if they need no opening; the requests' `modelSource` is then not read
 */
export const localHost = (options: ThreadOptions = {}, opened?: Source): RemoteEngine =>
  engineHost<Engine>({
    async open(request, events) {
      const { source, close, ...pack } = opened
        ? { source: opened, close: async () => {} }
        : await openModelSource(request, events)
      try {
        const { loadedAs: quantize = request.quantize } = request
        const given = { ...options, ...request, ...definedFields({ quantize }) }
        return await loadEngine(source, { tuned: readTuned, ...given, ...events, ...pack })
      } finally {
        await close()
      }
    },
    async plan(request, events) {
      const { source, close } = await openModelSource({ modelSource: request.modelSource }, events)
      try {
        return await plan(source, { ...request, ...events })
      } finally {
        await close()
      }
    },
    // Loaded when wanted: a chat does not need it.
    async *measure(...request) {
      const { measure } = await import('../bench/measure.ts')
      yield* measure(...request)
    },
    reopens: !options.gpuDevice, // the application's own device is gone with all that it had on it
  })
