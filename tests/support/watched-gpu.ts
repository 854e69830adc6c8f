// Wraps a GPU to count live buffers, limit memory and check that every device gets destroyed.
import { type AdapterCase, openGpu, withDevices } from './adapter.ts'

export interface WatchedGpu {
  readonly gpu: GPU
  /** Whether every opened device was destroyed. */
  allDestroyed(): Promise<boolean>
}

/**
 * The adapter's GPU. Buffers beyond `budgetBytes`, except staging, fail as on a real GPU: the error appears
 * later, when the error scope is popped.
 */
export async function watchGpu(
  adapter: AdapterCase,
  budgetBytes = Number.POSITIVE_INFINITY,
): Promise<WatchedGpu> {
  const devices: GPUDevice[] = []
  const live = new Map<GPUBuffer, number>()
  let refused = false
  const sum = () => [...live.values()].reduce((total, bytes) => total + bytes, 0)
  const watch = (device: GPUDevice): GPUDevice => {
    const createBuffer = device.createBuffer.bind(device)
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor)
      const destroy = buffer.destroy.bind(buffer)
      // Conversion between formats uses staging buffers that are freed before the model is loaded.
      if (!descriptor.label?.startsWith('staging:')) live.set(buffer, buffer.size)
      refused ||= sum() > budgetBytes
      buffer.destroy = () => {
        live.delete(buffer)
        destroy()
      }
      return buffer
    }
    const popErrorScope = device.popErrorScope.bind(device)
    device.popErrorScope = async () => {
      const error = refused ? ({ message: 'not enough memory' } as GPUError) : await popErrorScope()
      refused = false
      return error
    }
    devices.push(device)
    return device
  }
  const isDestroyed = (device: GPUDevice) =>
    Promise.race([
      device.lost.then(({ reason }) => reason === 'destroyed'),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 60_000).unref()),
    ])
  return {
    gpu: withDevices(await openGpu(adapter.match), watch),
    allDestroyed: async () =>
      devices.length > 0 && !(await Promise.all(devices.map(isDestroyed))).includes(false),
  }
}
