// Answers: what does a page need to use the library, and the engine without its worker? This. It must not know what a test asks of it.
import { loadEngine, openHttp, readTuned, tuningKeyOf, writeTuned } from '../../../src/core.ts'
import { loadModel, removeStoredModel, storedModels } from '../../../src/index.ts'

Object.assign(globalThis, {
  hadal: { loadModel, removeStoredModel, storedModels },
  core: { loadEngine, openHttp, readTuned, tuningKeyOf, writeTuned },
})
