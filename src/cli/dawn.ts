// Answers: how does Node get WebGPU? From Dawn, whose waiting is kept from taking a processor core to itself.
import { createRequire } from 'node:module'
import { HadalError } from '../lib/error.ts'

/** Subgroup matrices are a draft that Dawn counts among these. */
const UNSAFE = 'enable-dawn-features=allow_unsafe_apis'

/**
 * WebGPU by Dawn: the adapters that the Vulkan loader finds (VK_DRIVER_FILES), or the platform's own; `name` picks by a part of the name, `flags`
 * are Dawn's.
 */
export function openDawn(name: string | undefined, ...flags: readonly string[]): GPU {
  try {
    const { create } = createRequire(import.meta.url)('webgpu') as typeof import('webgpu')
    restBetweenPolls()
    return create([UNSAFE, ...flags, ...(name === undefined ? [] : [`adapter=${name}`])])
  } catch (cause) {
    throw new HadalError(
      'no_webgpu',
      `Dawn could not be started: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
        hint: 'Install the packages with `npm install`.',
      },
    )
  }
}

const EAGER_MS = 1 // how long Dawn may ask without a rest: a short read-back is then as quick as it was

/**
 * As long as work is under way Dawn asks after it in every turn of the event loop, by `setImmediate`, which it looks up each time
 * (github.com/dawn-gpu/node-webgpu/issues/17). That is a core which a software adapter needs itself. After EAGER_MS it asks every millisecond.
 */
function restBetweenPolls(): void {
  if (resting) return
  resting = true
  const immediately = globalThis.setImmediate
  let polling = false // within Dawn's callback, which asks for the next one where work is left
  let since = 0
  const setImmediate = <T extends unknown[]>(callback: (...args: T) => void, ...args: T) => {
    if (!isDawns(callback)) return immediately(callback, ...args)
    if (!polling) since = performance.now()
    const poll = () => {
      polling = true
      try {
        callback(...args)
      } finally {
        polling = false
      }
    }
    return performance.now() - since < EAGER_MS ? immediately(poll) : setTimeout(poll, 1)
  }
  globalThis.setImmediate = Object.assign(setImmediate, immediately)
}
let resting = false

/** A nameless function of an addon: a bound one, native as well, has no prototype. */
function isDawns(callback: object & { readonly name: string }): boolean {
  return (
    callback.name === '' &&
    'prototype' in callback &&
    Function.prototype.toString.call(callback).includes('[native code]')
  )
}
