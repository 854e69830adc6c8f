// Entry of the worker: exposes the engine, its benchmark and the store through Comlink.
import { expose } from 'comlink'
import { localHost } from './open-engine.ts'
import { storeHost } from './store-host.ts'

expose({ ...localHost(), ...storeHost() })
