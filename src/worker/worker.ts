// Answers: what runs when the worker starts? The engine, behind Comlink. It must not know the page.
import { expose } from 'comlink'
import { loadEngine } from '../engine/engine.ts'
import { openFiles } from '../weights/files.ts'
import { openHttp } from '../weights/http.ts'
import { engineHost } from './host.ts'

expose(
  engineHost(async ({ place, ...options }, events) => {
    const source = 'url' in place ? openHttp(place.url) : openFiles(place.files)
    return loadEngine(await source, { ...options, ...events })
  }),
)
