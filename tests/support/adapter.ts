// Answers: which GPU adapters do tests run on, and how is one opened in Node? Both software adapters, with and without their optional features.
import { existsSync } from 'node:fs'
import { describe } from 'vitest'
import { openDawn } from '../../src/cli/dawn.ts'
import { type Device, type DeviceOptions, openDevice } from '../../src/gpu/device.ts'

export interface AdapterCase {
  readonly name: string
  readonly match: string // what Dawn's `adapter=` filter looks for
  readonly icd: string
  readonly options: DeviceOptions
}

const first = (...paths: (string | undefined)[]) =>
  paths.find((path) => path !== undefined && existsSync(path)) ?? ''
const LAVAPIPE = first(
  process.env.HADAL_LAVAPIPE,
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
)
const SWIFTSHADER = first(process.env.HADAL_SWIFTSHADER, '/usr/lib/chromium/vk_swiftshader_icd.json')

/** Every adapter a kernel must be right on: both kinds, all features, and the plain guaranteed minimum. */
export const adapters: readonly AdapterCase[] = [
  { name: 'lavapipe', match: 'llvmpipe', icd: LAVAPIPE, options: { limits: 'max' } },
  {
    name: 'lavapipe-plain',
    match: 'llvmpipe',
    icd: LAVAPIPE,
    options: { limits: 'default', f16: false, subgroups: false },
  },
  { name: 'swiftshader', match: 'SwiftShader', icd: SWIFTSHADER, options: { limits: 'max' } },
]

/** One of each kind: for what does not hang on a device's features, or is proven without them elsewhere. */
export const kindsOfAdapters = adapters.filter(({ name }) => name !== 'lavapipe-plain')

/** A `GPU` of Dawn that offers only the given adapter. */
export async function openGpu(match: string): Promise<GPU> {
  process.env.VK_DRIVER_FILES = [LAVAPIPE, SWIFTSHADER].filter((path) => path !== '').join(':')
  const gpu = openDawn(match, 'backend=vulkan')
  kept.push(gpu)
  return gpu
}
const kept: GPU[] = [] // Dawn stops when its GPU object is collected

/**
 * A `GPU` for all of a file's tests. It gives out one device for a set of features and limits, which lives on, with its pipelines, when whoever
 * opened it destroys it: SwiftShader takes seconds to compile those of a model.
 */
export function lastingGpu(match: string): Promise<GPU> {
  const gpu = lastingGpus.get(match) ?? openGpu(match).then(withLastingDevices)
  lastingGpus.set(match, gpu)
  return gpu
}
const lastingGpus = new Map<string, Promise<GPU>>()

function withLastingDevices(gpu: GPU): GPU {
  const find = gpu.requestAdapter.bind(gpu)
  const devices = new Map<string, Promise<GPUDevice>>()
  gpu.requestAdapter = async (options) => {
    const adapter = await find(options)
    if (!adapter) return null
    const open = adapter.requestDevice.bind(adapter)
    adapter.requestDevice = (wanted) => {
      const key = JSON.stringify(wanted)
      const device = devices.get(key) ?? open(wanted).then(lasting)
      devices.set(key, device)
      return device
    }
    return adapter
  }
  return gpu
}

function lasting(device: GPUDevice): GPUDevice {
  const pipelines: GPUComputePipeline[] = [] // Dawn finds the same pipeline again as long as somebody holds it
  const compile = device.createComputePipelineAsync.bind(device)
  device.createComputePipelineAsync = async (wanted) => {
    const pipeline = await compile(wanted)
    pipelines.push(pipeline)
    return pipeline
  }
  device.destroy = () => {}
  return device
}

export async function openAdapter(adapter: AdapterCase): Promise<Device> {
  return openDevice(await openGpu(adapter.match), adapter.options)
}

/** `describe` for each adapter; a missing adapter is skipped by name, or fails where adapters are required (HADAL_REQUIRE_ADAPTERS). */
export function describeOnAdapters(
  title: string,
  body: (adapter: AdapterCase) => void,
  chosen = adapters,
): void {
  for (const adapter of chosen) {
    const missing = adapter.icd === '' && !process.env.HADAL_REQUIRE_ADAPTERS
    describe.skipIf(missing)(`${title} on ${adapter.name}`, () => body(adapter))
  }
}
