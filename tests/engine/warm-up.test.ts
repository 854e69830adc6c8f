// Tests that loading runs every pipeline of prefill and decode once and leaves state and KV cache untouched.
import { expect, it } from 'vitest'
import { readBuffer } from '../../src/gpu/readback.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { FIXTURES, openModel } from '../support/model.ts'

/** Records which pipelines compute passes use. */
function recordUse(device: GPUDevice, used: Set<GPUComputePipeline>): GPUDevice {
  const createCommandEncoder = device.createCommandEncoder.bind(device)
  device.createCommandEncoder = () => {
    const encoder = createCommandEncoder()
    const beginComputePass = encoder.beginComputePass.bind(encoder)
    encoder.beginComputePass = (descriptor) => {
      const pass = beginComputePass(descriptor)
      const setPipeline = pass.setPipeline.bind(pass)
      pass.setPipeline = (pipeline) => {
        used.add(pipeline)
        setPipeline(pipeline)
      }
      return pass
    }
    return encoder
  }
  return device
}

describeOnAdapters(
  'warm-up',
  (adapter) => {
    it('runs every pipeline of prefill and decode', async () => {
      const used = new Set<GPUComputePipeline>()
      const gpu = await openGpu(adapter.match)
      const requestAdapter = gpu.requestAdapter.bind(gpu)
      gpu.requestAdapter = async (options) => {
        const found = await requestAdapter(options)
        const requestDevice = found?.requestDevice.bind(found)
        if (found && requestDevice)
          found.requestDevice = async (descriptor) => recordUse(await requestDevice(descriptor), used)
        return found
      }
      const engine = await openModel(`${FIXTURES}/deepseek_v3-fp8-tiny`, adapter, { gpu })
      const { runtime } = engine.lease()
      const inLoad = new Set(used)
      used.clear()
      await runtime.prefill([1, 2, 3], 0)
      runtime.decodeOnly(3)
      expect(used.size).toBeGreaterThan(10)
      expect([...used].filter((pipeline) => !inLoad.has(pipeline))).toEqual([])
      engine.destroy()
    })

    it('leaves state and KV cache as they were allocated', async () => {
      const engine = await openModel(`${FIXTURES}/deepseek_v3-fp8-tiny`, adapter)
      const { runtime } = engine.lease()
      const { prompt, token, pages, logits, adjusted, counts, biases, result } = runtime.state
      const buffers = [
        prompt,
        token,
        pages,
        logits,
        adjusted,
        counts,
        biases,
        result,
        ...runtime.cache.buffers,
      ]
      for (const buffer of buffers) {
        const bytes = new Uint8Array(await readBuffer(engine.device, buffer, buffer.size))
        expect(
          bytes.every((byte) => byte === 0),
          buffer.label,
        ).toBe(true)
      }
      expect(runtime.dispatches).toBe(0)
      expect(runtime.cache.used).toBe(0)
      engine.destroy()
    })
  },
  ADAPTERS.slice(0, 1),
)
