// WebGPU in Node, from Dawn. On a software adapter its polling is slowed down, which leaves a CPU core free.
import { createRequire } from 'node:module'
import { isSoftware } from '../gpu/device.ts'
import { HadalError } from '../lib/error.ts'

/** Needed for subgroup matrices, a draft that Dawn hides behind this flag. */
const ALLOW_UNSAFE_APIS = 'enable-dawn-features=allow_unsafe_apis'

/**
 * Dawn's WebGPU with the adapters of the Vulkan loader (VK_DRIVER_FILES) or of the platform. `name` selects
 * an adapter by part of its name; `flags` go to Dawn. Throws `no_webgpu`.
 */
export function openDawn(name: string | undefined, ...flags: readonly string[]): GPU {
  try {
    const { create } = createRequire(import.meta.url)('webgpu') as typeof import('webgpu')
    const selected = name === undefined ? [] : [`adapter=${name}`]
    return throttledOnSoftware(create([ALLOW_UNSAFE_APIS, ...flags, ...selected]))
  } catch (cause) {
    throw new HadalError(
      'no_webgpu',
      `Dawn failed to start: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
        hint: 'Run `npm install`.',
      },
    )
  }
}

/** The same GPU, which slows Dawn's polling down, for good, as soon as it offers a software adapter. */
export function throttledOnSoftware(gpu: GPU): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu)
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options)
    if (adapter && isSoftware(adapter.info)) throttleDawnPolling()
    return adapter
  }
  return gpu
}

const BUSY_POLL_MS = 1 // polling without a pause for this long keeps short read-backs fast

/**
 * While work is pending, Dawn polls it on every turn of the event loop with `setImmediate`, which it looks up
 * each time (github.com/dawn-gpu/node-webgpu/issues/17). That occupies a CPU core, which a software adapter
 * needs. After BUSY_POLL_MS it now polls only once per millisecond. A GPU has no use for that core, and its
 * tokens would wait for the poll.
 */
function throttleDawnPolling(): void {
  if (pollingThrottled) return
  pollingThrottled = true
  const immediately = globalThis.setImmediate
  let polling = false // inside Dawn's callback, which schedules the next one while work is left
  let since = 0
  const setImmediate = <T extends unknown[]>(callback: (...args: T) => void, ...args: T) => {
    if (!isDawnCallback(callback)) return immediately(callback, ...args)
    if (!polling) since = performance.now()
    const poll = () => {
      polling = true
      try {
        callback(...args)
      } finally {
        polling = false
      }
    }
    return performance.now() - since < BUSY_POLL_MS ? immediately(poll) : setTimeout(poll, 1)
  }
  globalThis.setImmediate = Object.assign(setImmediate, immediately)
}
let pollingThrottled = false

/** True for an unnamed native function with a prototype: bound functions are native too, but have none. */
function isDawnCallback(callback: object & { readonly name: string }): boolean {
  return (
    callback.name === '' &&
    'prototype' in callback &&
    Function.prototype.toString.call(callback).includes('[native code]')
  )
}
