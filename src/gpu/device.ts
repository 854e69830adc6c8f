// Opens a GPU device with the limits and features that the engine uses, and reports its capabilities.
import { HadalError } from '../lib/error.ts'
import { Arena } from './arena.ts'
import { type Capabilities, GUARANTEED } from './limits.ts'
import { findSubgroupMatrices, type MatrixSupport, matrixFeatures } from './subgroup-matrices.ts'
import { chooseVariants, type VariantFacts } from './variants.ts'
import { GpuWaits } from './waits.ts'

export interface DeviceOptions {
  /** 'default': the limits that every WebGPU device guarantees; 'max' (the default): those of the adapter. */
  readonly limits?: 'default' | 'max'
  /** Matrices are split into parts of at most this many bytes, even if the device allows larger bindings. */
  readonly maxBindingBytes?: number
  readonly f16?: boolean // false: do not request shader-f16
  readonly subgroups?: boolean // false: do not request subgroups
}

/** An open GPU device with its buffer arena and capabilities. */
export interface Device {
  /** Kept alive: Dawn, in Node, stops working when this object is garbage-collected. */
  readonly instance: GPU
  readonly gpu: GPUDevice
  readonly arena: Arena
  readonly waits: GpuWaits
  readonly capabilities: Capabilities
  readonly adapter: string // display name: vendor, architecture, description
  /** Resolves when the device is lost for a reason other than `destroy()`. */
  readonly lost: Promise<HadalError>
  /** Reports what the GPU refuses outside error scopes from now on; nothing on the application's device. */
  onError(report: (reason: string) => void): void
  /** Frees every buffer, and the device itself unless it is the application's. */
  destroy(): void
}

/** The error for a page or a machine without WebGPU. */
export function noAdapter(): HadalError {
  if (globalThis.isSecureContext === false) {
    return new HadalError('no_webgpu', 'WebGPU is not there: this page was not opened over HTTPS.', {
      hint: 'Browsers offer WebGPU to pages from https:// addresses and from localhost only.',
    })
  }
  return new HadalError('no_webgpu', 'No WebGPU adapter was found.', {
    hint:
      'Use a browser with WebGPU (Chrome or Edge 116+, Safari 26+, Firefox 141+ on Windows or 147+ on ' +
      'Macs with Apple silicon) and a current graphics driver.',
  })
}

/** Limits that 'max' raises to the adapter's. */
const RAISED_LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const

/** Name and capabilities of a device. */
export type DeviceFacts = Pick<Device, 'adapter' | 'capabilities'>

/**
 * Name and capabilities that a device would have with these options, without opening it; undefined without an
 * adapter.
 */
export async function readDevice(
  gpu: GPU | undefined,
  options: DeviceOptions = {},
): Promise<DeviceFacts | undefined> {
  const adapter = gpu && (await findAdapter(gpu))
  return adapter && factsOf(gpu, adapter, options)
}

/** The capabilities that `readDevice` reports, without the name. */
export const readCapabilities = async (
  ...args: Parameters<typeof readDevice>
): Promise<Capabilities | undefined> => (await readDevice(...args))?.capabilities

/**
 * Opens a device on the adapter of `navigator.gpu`, or of Dawn in Node.
 * Throws `no_webgpu` when there is no adapter.
 */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
  const adapter = gpu && (await findAdapter(gpu))
  if (!adapter) throw noAdapter()
  const facts = factsOf(gpu, adapter, options)
  const { capabilities } = facts
  const requiredFeatures: GPUFeatureName[] = []
  if (capabilities.f16) requiredFeatures.push('shader-f16')
  if (capabilities.subgroups) requiredFeatures.push('subgroups')
  if (capabilities.subgroupMatrices) requiredFeatures.push(...matrixFeatures(capabilities.subgroupMatrices))
  if (capabilities.timestamps) requiredFeatures.push('timestamp-query')
  const requiredLimits: Record<string, number> = {}
  if (options.limits !== 'default')
    for (const name of RAISED_LIMITS) requiredLimits[name] = adapter.limits[name]
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits })
  return wrapDevice(gpu, device, facts, {
    onError(report) {
      device.onuncapturederror = ({ error }) => report(error.message)
    },
    close: () => device.destroy(),
  })
}

/**
 * Uses a device that the application has opened and goes on using: with its features and limits. What else
 * runs on it may fail without harm to the model.
 */
export async function borrowDevice(
  device: GPUDevice,
  gpu: GPU,
  options: DeviceOptions = {},
): Promise<Device> {
  const { features, limits, adapterInfo } = device
  const facts = factsOf(gpu, { features, limits, info: adapterInfo }, options)
  return wrapDevice(gpu, device, facts, { onError: () => {}, close: () => {} })
}

async function wrapDevice(
  gpu: GPU,
  device: GPUDevice,
  { adapter, capabilities }: DeviceFacts,
  { onError, close }: Pick<Device, 'onError'> & { readonly close: () => void },
): Promise<Device> {
  const arena = new Arena(device)
  let closing = false
  return {
    instance: gpu,
    gpu: device,
    arena,
    waits: await GpuWaits.open(device.queue),
    adapter,
    capabilities: await withSpelling(device, capabilities),
    lost: new Promise((resolve) => {
      void device.lost.then((info) => {
        if (!closing) resolve(lostError(info))
      })
    }),
    onError,
    destroy() {
      closing = true
      arena.freeAll()
      close()
    },
  }
}

/** The capabilities with subgroup matrices as the device spells them, or without, if it does neither way. */
async function withSpelling(device: GPUDevice, capabilities: Capabilities): Promise<Capabilities> {
  if (!capabilities.subgroupMatrices) return capabilities
  const { spellMatrices } = await import('./spell-matrices.ts')
  const subgroupMatrices = await spellMatrices(device, capabilities.subgroupMatrices)
  return {
    ...capabilities,
    subgroupMatrices,
    variants: chooseVariants({ ...capabilities, subgroupMatrices }),
  }
}

const findAdapter = async (gpu: GPU) =>
  (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? undefined

/** What an adapter reports about itself; nothing in Chrome before 127. */
export type AdapterInfo = Partial<GPUAdapterInfo> & MatrixSupport['info']

/** What is read of an adapter, or of a device in its place. */
type AdapterFacts = Pick<GPUAdapter, 'features' | 'limits'> & { readonly info?: AdapterInfo }

const factsOf = (gpu: GPU, adapter: AdapterFacts, options: DeviceOptions): DeviceFacts => ({
  adapter: describeAdapter(adapter.info),
  capabilities: capabilitiesOf(gpu, adapter, options),
})

function capabilitiesOf(
  { wgslLanguageFeatures }: GPU,
  { features, limits, info = {} }: AdapterFacts,
  options: DeviceOptions,
): Capabilities {
  const raised = options.limits !== 'default'
  const subgroups = options.subgroups !== false && features.has('subgroups')
  const binding = raised ? limits.maxStorageBufferBindingSize : GUARANTEED.maxBindingBytes
  const f16 = options.f16 !== false && features.has('shader-f16')
  const facts: VariantFacts = {
    f16,
    subgroups,
    subgroupSize: subgroups ? (info.subgroupMinSize ?? 0) : 0,
    subgroupMatrices: subgroups ? findSubgroupMatrices({ features, info }, f16) : undefined,
    software: isSoftware(info),
  }
  return {
    ...facts,
    variants: chooseVariants(facts),
    int8Dot: wgslLanguageFeatures?.has('packed_4x8_integer_dot_product') ?? false,
    timestamps: features.has('timestamp-query'),
    maxBindingBytes: Math.min(binding, options.maxBindingBytes ?? Number.POSITIVE_INFINITY),
    maxBufferBytes: raised ? limits.maxBufferSize : GUARANTEED.maxBufferBytes,
  }
}

function lostError(info: GPUDeviceLostInfo): HadalError {
  return new HadalError(
    'device_lost',
    `The GPU device was lost: ${(info.message || info.reason).replace(/\.*$/, '')}.`,
    {
      hint:
        'Load the model again. If it happens again, close other programs that use the GPU or choose ' +
        'a smaller model or context.',
    },
  )
}

/** Fallback adapters are marked as such; Mesa's lavapipe is not, but its architecture names it. @internal */
export function isSoftware({ isFallbackAdapter, architecture = '' }: AdapterInfo): boolean {
  return isFallbackAdapter || ['swiftshader', 'software'].includes(architecture)
}

function describeAdapter({ vendor, architecture, description, device }: AdapterInfo = {}): string {
  return [vendor, architecture, description || device].filter(Boolean).join(' ') || 'unnamed adapter'
}
