// Answers: how is a GPU device opened, and with which limits and features? It must not know what runs on it.
import { HadalError } from '../lib/error.ts'
import { Arena } from './arena.ts'
import type { Capabilities } from './limits.ts'

export interface DeviceOptions {
  /** 'default': the limits every WebGPU device guarantees; 'max': whatever the adapter offers. */
  readonly limits?: 'default' | 'max'
  /** Bindings are kept to at most this many bytes, however large the device allows them. */
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

const RAISED = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const

/**
 * Opens the adapter of `navigator.gpu` (or of Dawn in Node).
 * Throws `no_webgpu` when there is none.
 */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!gpu || !adapter) {
    throw new HadalError('no_webgpu', 'No WebGPU adapter was found.', {
      hint: 'Use a browser with WebGPU (Chrome or Edge 113+, Safari 26+, Firefox 141+ on Windows) and a current graphics driver.',
    })
  }
  const features: GPUFeatureName[] = []
  const want = (feature: GPUFeatureName, allowed = true) => {
    if (allowed && adapter.features.has(feature)) features.push(feature)
  }
  want('shader-f16', options.f16)
  want('subgroups', options.subgroups)
  want('timestamp-query')
  const requiredLimits: Record<string, number> = {}
  if (options.limits !== 'default') for (const name of RAISED) requiredLimits[name] = adapter.limits[name]
  const device = await adapter.requestDevice({ requiredFeatures: features, requiredLimits })
  const { limits } = device
  let closing = false
  return {
    instance: gpu,
    gpu: device,
    arena: new Arena(device),
    adapter: describeAdapter(adapter.info),
    capabilities: {
      f16: device.features.has('shader-f16'),
      subgroups: device.features.has('subgroups'),
      timestamps: device.features.has('timestamp-query'),
      software: isSoftware(adapter.info),
      maxBindingBytes: Math.min(
        limits.maxStorageBufferBindingSize,
        options.maxBindingBytes ?? Number.POSITIVE_INFINITY,
      ),
      maxBufferBytes: limits.maxBufferSize,
    },
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

function lostError(info: GPUDeviceLostInfo): HadalError {
  return new HadalError('device_lost', `The GPU device was lost: ${info.message || info.reason}.`, {
    hint: 'Load the model again. If it happens again, close other programs that use the GPU or choose a smaller model or context.',
  })
}

/** Fallback adapters say so; Mesa's lavapipe does not, but names itself. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || ['swiftshader', 'software'].includes(info.architecture)
}

function describeAdapter(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.architecture, info.description || info.device]
  return parts.filter((part) => part !== '').join(' ') || 'unnamed adapter'
}
