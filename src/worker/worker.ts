// Answers: what runs when the worker starts? The engine, behind Comlink. It must not know the page.
import { expose } from 'comlink'
import { loadEngine } from '../engine/engine.ts'
import { plan } from '../engine/model-plan.ts'
import { openFiles } from '../weights/files.ts'
import { openHttp } from '../weights/http.ts'
import { openHub } from '../weights/hub.ts'
import type { Source } from '../weights/source.ts'
import { engineHost } from './host.ts'
import type { ModelPlace } from './protocol.ts'

async function openPlace(place: ModelPlace, signal: AbortSignal): Promise<Source> {
  if ('url' in place) return openHttp(place.url)
  if ('files' in place) return openFiles(place.files)
  const { hub, ...options } = place
  return openHub(hub, { ...options, signal })
}

expose(
  engineHost(
    async ({ place, ...options }, events) =>
      loadEngine(await openPlace(place, events.signal), { ...options, ...events }),
    async ({ place, ...options }, { signal }) => plan(await openPlace(place, signal), { ...options, signal }),
  ),
)
