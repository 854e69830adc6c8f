// Opens the GPU adapters that tests run on: two software adapters, with and without optional features.
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

const firstExisting = (...paths: (string | undefined)[]) =>
  paths.find((path) => path !== undefined && existsSync(path)) ?? ''
/** Mesa's software Vulkan driver, a path for VK_DRIVER_FILES; empty if there is none. */
export const LAVAPIPE = firstExisting(
  process.env.HADAL_LAVAPIPE,
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
)
const SWIFTSHADER = firstExisting(process.env.HADAL_SWIFTSHADER, '/usr/lib/chromium/vk_swiftshader_icd.json')

/**
 * Every adapter on which kernels must be correct: both kinds with all features, and one with the guaranteed
 * minimum.
 */
export const ADAPTERS: readonly AdapterCase[] = [
  { name: 'lavapipe', match: 'llvmpipe', icd: LAVAPIPE, options: { limits: 'max' } },
  {
    name: 'lavapipe-plain',
    match: 'llvmpipe',
    icd: LAVAPIPE,
    options: { limits: 'default', f16: false, subgroups: false },
  },
  { name: 'swiftshader', match: 'SwiftShader', icd: SWIFTSHADER, options: { limits: 'max' } },
]

/**
 * One of each kind, for tests that do not depend on a device's features or are covered without them
 * elsewhere.
 */
export const ADAPTER_KINDS = ADAPTERS.filter(({ name }) => name !== 'lavapipe-plain')

/** A Dawn `GPU` that offers only the given adapter. */
export async function openGpu(match: string): Promise<GPU> {
  process.env.VK_DRIVER_FILES = [LAVAPIPE, SWIFTSHADER].filter((path) => path !== '').join(':')
  const gpu = openDawn(match, 'backend=vulkan')
  openGpus.push(gpu)
  return gpu
}
const openGpus: GPU[] = [] // Dawn stops when its GPU object is collected

/**
 * A `GPU` shared by all tests of a file. It hands out one device per set of features and limits, and
 * `destroy` leaves the device and its pipelines alive: SwiftShader takes seconds to compile the pipelines of
 * a model.
 */
export function persistentGpu(match: string): Promise<GPU> {
  const gpu = persistentGpus.get(match) ?? openGpu(match).then(withPersistentDevices)
  persistentGpus.set(match, gpu)
  return gpu
}
const persistentGpus = new Map<string, Promise<GPU>>()

function withPersistentDevices(gpu: GPU): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu)
  const devices = new Map<string, Promise<GPUDevice>>()
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options)
    if (!adapter) return null
    const requestDevice = adapter.requestDevice.bind(adapter)
    adapter.requestDevice = (descriptor) => {
      const key = JSON.stringify(descriptor)
      const device = devices.get(key) ?? requestDevice(descriptor).then(persistentDevice)
      devices.set(key, device)
      return device
    }
    return adapter
  }
  return gpu
}

function persistentDevice(device: GPUDevice): GPUDevice {
  const pipelines: GPUComputePipeline[] = [] // Dawn reuses a pipeline as long as it is referenced
  const compile = device.createComputePipelineAsync.bind(device)
  device.createComputePipelineAsync = async (descriptor) => {
    const pipeline = await compile(descriptor)
    pipelines.push(pipeline)
    return pipeline
  }
  device.destroy = () => {}
  return device
}

/** The GPU, with `change` applied to each device that it opens. */
export function withDevices(gpu: GPU, change: (device: GPUDevice) => GPUDevice): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options)
    if (!adapter) return null
    const requestDevice = adapter.requestDevice.bind(adapter)
    adapter.requestDevice = async (descriptor) => change(await requestDevice(descriptor))
    return adapter
  }
  return Object.assign(Object.create(gpu), { requestAdapter }) as GPU
}

export async function openAdapter(adapter: AdapterCase): Promise<Device> {
  return openDevice(await openGpu(adapter.match), adapter.options)
}

/** `describe` for each adapter. A missing adapter is skipped, or fails if HADAL_REQUIRE_ADAPTERS is set. */
export function describeOnAdapters(
  title: string,
  body: (adapter: AdapterCase) => void,
  chosen = ADAPTERS,
): void {
  for (const adapter of chosen) {
    const missing = adapter.icd === '' && !process.env.HADAL_REQUIRE_ADAPTERS
    describe.skipIf(missing)(`${title} on ${adapter.name}`, () => body(adapter))
  }
}
