// Answers: how is a GPU device opened, and with which limits and features? It must not know what runs on it.
import { HadalError } from '../lib/error.ts'
import { Arena } from './arena.ts'
import { type Capabilities, GUARANTEED } from './limits.ts'
import { chooseVariants } from './variants.ts'

export interface DeviceOptions {
  /** 'default': the limits every WebGPU device guarantees; 'max': whatever the adapter offers. */
  readonly limits?: 'default' | 'max'
  /** Matrices are kept to parts of at most this many bytes, however large the device allows bindings. */
  readonly maxBindingBytes?: number
  readonly f16?: boolean // false: do not ask for shader-f16
  readonly subgroups?: boolean // false: do not ask for subgroups
}

/** An open GPU device with what the rest of the engine needs to know of it. */
export interface Device {
  /** Held because Dawn, in Node, stops when this object is collected. */
  readonly instance: GPU
  readonly gpu: GPUDevice
  readonly arena: Arena
  readonly capabilities: Capabilities
  readonly adapter: string // for people: vendor, architecture, description
  /** Resolves when the device goes away for another reason than `destroy()`. */
  readonly lost: Promise<HadalError>
  destroy(): void
}

/** Chromium's name for a draft; its browsers have it behind a flag. */
const MATRICES = 'chromium-experimental-subgroup-matrix' as GPUFeatureName

interface MatrixConfig {
  readonly componentType: string
  readonly resultComponentType: string
  readonly M: number
  readonly N: number
  readonly K: number
}

const RAISED = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const

/** A device by what it is called and what it can do. */
export type DeviceFacts = Pick<Device, 'adapter' | 'capabilities'>

/** What a device would be when opened with these options; undefined without an adapter. Opens none. */
export async function readDevice(
  gpu: GPU | undefined,
  options: DeviceOptions = {},
): Promise<DeviceFacts | undefined> {
  const adapter = gpu && (await findAdapter(gpu))
  return adapter && factsOf(gpu, adapter, options)
}

/** The latter alone. */
export const readCapabilities = async (
  ...args: Parameters<typeof readDevice>
): Promise<Capabilities | undefined> => (await readDevice(...args))?.capabilities

/**
 * Opens the adapter of `navigator.gpu` (or of Dawn in Node).
 * Throws `no_webgpu` when there is none.
 */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
  const adapter = gpu && (await findAdapter(gpu))
  if (!adapter) {
    throw new HadalError('no_webgpu', 'No WebGPU adapter was found.', {
      hint: 'Use a browser with WebGPU (Chrome or Edge 116+, Safari 26+, Firefox 141+ on Windows) and a current graphics driver.',
    })
  }
  const facts = factsOf(gpu, adapter, options)
  const { capabilities } = facts
  const requiredFeatures: GPUFeatureName[] = []
  if (capabilities.f16) requiredFeatures.push('shader-f16')
  if (capabilities.subgroups) requiredFeatures.push('subgroups')
  if (capabilities.matrices) requiredFeatures.push(MATRICES)
  if (capabilities.timestamps) requiredFeatures.push('timestamp-query')
  const requiredLimits: Record<string, number> = {}
  if (options.limits !== 'default') for (const name of RAISED) requiredLimits[name] = adapter.limits[name]
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits })
  let closing = false
  return {
    instance: gpu,
    gpu: device,
    arena: new Arena(device),
    ...facts,
    lost: new Promise((resolve) => {
      void device.lost.then((info) => {
        if (!closing) resolve(lostError(info))
      })
    }),
    destroy() {
      closing = true
      device.destroy()
    },
  }
}

const findAdapter = async (gpu: GPU) =>
  (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? undefined

/** What an adapter tells of itself; Chrome's before 127 tell nothing. */
type Info = Partial<GPUAdapterInfo>

const factsOf = (gpu: GPU, adapter: GPUAdapter, options: DeviceOptions): DeviceFacts => ({
  adapter: describeAdapter(adapter.info),
  capabilities: capabilitiesOf(gpu, adapter, options),
})

function capabilitiesOf(
  { wgslLanguageFeatures }: GPU,
  { features, limits, info = {} }: Pick<GPUAdapter, 'features' | 'limits'> & { readonly info?: Info },
  options: DeviceOptions,
): Capabilities {
  const raised = options.limits !== 'default'
  const subgroups = options.subgroups !== false && features.has('subgroups')
  const binding = raised ? limits.maxStorageBufferBindingSize : GUARANTEED.maxBindingBytes
  const f16 = options.f16 !== false && features.has('shader-f16')
  const facts = {
    f16,
    subgroups,
    subgroupSize: subgroups ? (info.subgroupMinSize ?? 0) : 0,
    matrices: f16 && subgroups && features.has(MATRICES) && multipliesHalves(info),
    software: isSoftware(info),
  }
  return {
    ...facts,
    variants: chooseVariants(facts),
    packed: wgslLanguageFeatures?.has('packed_4x8_integer_dot_product') ?? false,
    timestamps: features.has('timestamp-query'),
    maxBindingBytes: Math.min(binding, options.maxBindingBytes ?? Number.POSITIVE_INFINITY),
    maxBufferBytes: raised ? limits.maxBufferSize : GUARANTEED.maxBufferBytes,
  }
}

/** Whether there are subgroup matrices of 8 × 8 that multiply f16 into f32, and subgroups that a workgroup of 64 holds whole. */
function multipliesHalves(info: Info & { readonly subgroupMatrixConfigs?: Iterable<MatrixConfig> }): boolean {
  const fits = ({ componentType, resultComponentType, M, N, K }: MatrixConfig) =>
    componentType === 'f16' && resultComponentType === 'f32' && M === 8 && N === 8 && K === 8
  return (info.subgroupMaxSize ?? 0) <= 64 && [...(info.subgroupMatrixConfigs ?? [])].some(fits)
}

function lostError(info: GPUDeviceLostInfo): HadalError {
  return new HadalError('device_lost', `The GPU device was lost: ${info.message || info.reason}.`, {
    hint: 'Load the model again. If it happens again, close other programs that use the GPU or choose a smaller model or context.',
  })
}

/** Fallback adapters say so; Mesa's lavapipe does not, but names itself. */
function isSoftware({ isFallbackAdapter, architecture = '' }: Info): boolean {
  return isFallbackAdapter || ['swiftshader', 'software'].includes(architecture)
}

function describeAdapter({ vendor, architecture, description, device }: Info = {}): string {
  return [vendor, architecture, description || device].filter(Boolean).join(' ') || 'unnamed adapter'
}
