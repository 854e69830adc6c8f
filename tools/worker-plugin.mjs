// Rolldown plugin that makes the bundled library find its worker: in the sources it is a file of another
// folder, in the package the file next to the bundle.
import { fail } from './bootstrap.mjs'

const [SOURCE_URL, SHIPPED_URL] = ["'../worker/worker.ts'", "'./worker.js'"]
const WORKER_CALL = `new Worker(new URL(${SHIPPED_URL}, import.meta.url), { type: 'module' })`
// The minified form. Applications' bundlers recognize only the form above, quotes included.
const MINIFIED_CALL = 'new Worker(new URL("./worker.js",import.meta.url),{type:"module"})'

/** Rewrites the worker's address in src/api/spawn.ts to the form that bundlers recognize. */
export function workerPlugin() {
  return {
    name: 'hadal:worker',
    transform: {
      filter: { id: /src[\\/]api[\\/]spawn\.ts$/ },
      handler(code) {
        if (!code.includes(SOURCE_URL)) fail(`src/api/spawn.ts no longer contains ${SOURCE_URL}`)
        return { code: code.replace(SOURCE_URL, SHIPPED_URL), map: null }
      },
    },
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk')
      for (const chunk of chunks) chunk.code = chunk.code.replace(MINIFIED_CALL, WORKER_CALL)
      if (!chunks.some(({ code }) => code.includes(WORKER_CALL)))
        fail(`no chunk of the package contains ${WORKER_CALL}`)
    },
  }
}
