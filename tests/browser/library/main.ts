// Bare page for tests: exposes the library, and the engine without a worker, as globals.
import { loadEngine, openHttp, readTuned, tuningKeyOf, writeTuned } from '../../../src/core.ts'
import { loadModel, removeStoredModel, storedModels } from '../../../src/index.ts'

Object.assign(globalThis, {
  hadal: { loadModel, removeStoredModel, storedModels },
  core: { loadEngine, openHttp, readTuned, tuningKeyOf, writeTuned },
})
