// Answers: what runs when the worker starts? The engine, its benchmark and the store, behind Comlink. It must not know the page.
import { expose } from 'comlink'
import { measure } from '../bench/measure.ts'
import { loadEngine } from '../engine/engine.ts'
import { plan } from '../engine/model-plan.ts'
import { readTuned } from '../store/tuned.ts'
import { engineHost } from './host.ts'
import { openPlace } from './place.ts'
import { storeHost } from './store-host.ts'

expose({
  ...engineHost(
    async (request, events) => {
      const { source, close, ...pack } = await openPlace(request, events)
      try {
        return await loadEngine(source, { ...request, ...events, ...pack, tuned: readTuned })
      } finally {
        await close()
      }
    },
    async (request, events) => {
      const { source, close } = await openPlace({ place: request.place }, events)
      try {
        return await plan(source, { ...request, ...events })
      } finally {
        await close()
      }
    },
    measure,
  ),
  ...storeHost(),
})
