// Answers: what does a page need to use the library? This. It must not know what a test asks of it.
import { loadModel } from '../../../src/index.ts'

Object.assign(globalThis, { hadal: { loadModel } })
