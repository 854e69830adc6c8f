// Entry of the worker: exposes the engine, its benchmark and the store through Comlink.
import { expose } from 'comlink'
import { loadEngine } from '../engine/engine.ts'
import { plan } from '../engine/load/plan.ts'
import { readTuned } from '../store/tuned.ts'
import { engineHost } from './host.ts'
import { openModelSource } from './model-source.ts'
import { storeHost } from './store-host.ts'

expose({
  ...engineHost(
    async (request, events) => {
      const { source, close, ...pack } = await openModelSource(request, events)
      try {
        return await loadEngine(source, { ...request, ...events, ...pack, tuned: readTuned })
      } finally {
        await close()
      }
    },
    async (request, events) => {
      const { source, close } = await openModelSource({ modelSource: request.modelSource }, events)
      try {
        return await plan(source, { ...request, ...events })
      } finally {
        await close()
      }
    },
    // Loaded when wanted: a chat does not need it.
    async function* (...request) {
      const { measure } = await import('../bench/measure.ts')
      yield* measure(...request)
    },
  ),
  ...storeHost(),
})
