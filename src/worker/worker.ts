// Entry of the worker: exposes the engine, its benchmark and the store through Comlink.
import { expose } from 'comlink'
import { localHost } from './open-engine.ts'
import type { RemoteLife } from './protocol.ts'
import { storeHost } from './store-host.ts'

const life: RemoteLife = {
  holdLock: (name) =>
    new Promise((resolve) => {
      void navigator.locks.request(name, () => {
        resolve()
        return new Promise(() => {})
      })
    }),
}

expose({ ...localHost(), ...storeHost(), ...life })
