// Answers: how does the library find its worker after bundling? In the sources the worker is another room, in the package it is the
// file next to the bundle. It must not know what either does.
import { fail } from './bootstrap.mjs'

const [source, shipped] = ["'../worker/worker.ts'", "'./worker.js'"]
const call = `new Worker(new URL(${shipped}, import.meta.url), { type: 'module' })`
// What the minifier makes of it; applications' bundlers look for the form above, quotes included.
const minified = 'new Worker(new URL("./worker.js",import.meta.url),{type:"module"})'

/** A rolldown plugin: the address in src/api/spawn.ts becomes the one that bundlers of applications recognise. */
export function workerPlugin() {
  return {
    name: 'hadal:worker',
    transform: {
      filter: { id: /src[\\/]api[\\/]spawn\.ts$/ },
      handler(code) {
        if (!code.includes(source)) fail(`src/api/spawn.ts no longer says ${source}`)
        return { code: code.replace(source, shipped), map: null }
      },
    },
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk')
      for (const chunk of chunks) chunk.code = chunk.code.replace(minified, call)
      if (!chunks.some(({ code }) => code.includes(call))) fail(`no chunk of the package says ${call}`)
    },
  }
}
