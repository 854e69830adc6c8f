// Answers: what did an engine do to its GPU device, and is anything left of it? A real device with a counter, and with a limit if wanted.
// It must not know what the engine is asked.
import { type AdapterCase, openGpu } from './adapter.ts'

export interface Watched {
  readonly gpu: GPU
  /** Whether every device that was opened is destroyed. */
  allDestroyed(): Promise<boolean>
}

/** The adapter's GPU; buffers beyond `budgetBytes`, staging aside, are refused as a GPU does it: by an error scope, afterwards. */
export async function watchGpu(
  adapter: AdapterCase,
  budgetBytes = Number.POSITIVE_INFINITY,
): Promise<Watched> {
  const real = await openGpu(adapter.match)
  const devices: GPUDevice[] = []
  const live = new Map<GPUBuffer, number>()
  let refused = false
  const sum = () => [...live.values()].reduce((total, bytes) => total + bytes, 0)
  const watch = (device: GPUDevice): GPUDevice => {
    const createBuffer = device.createBuffer.bind(device)
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor)
      const destroy = buffer.destroy.bind(buffer)
      // Rows on their way into another format pass through buffers that are gone when the model is there.
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
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const found = await real.requestAdapter(options)
    if (!found) return null
    const requestDevice = found.requestDevice.bind(found)
    found.requestDevice = async (descriptor) => watch(await requestDevice(descriptor))
    return found
  }
  const gone = (device: GPUDevice) =>
    Promise.race([
      device.lost.then(({ reason }) => reason === 'destroyed'),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 60_000).unref()),
    ])
  return {
    gpu: Object.assign(Object.create(real), { requestAdapter }) as GPU,
    allDestroyed: async () => devices.length > 0 && !(await Promise.all(devices.map(gone))).includes(false),
  }
}
