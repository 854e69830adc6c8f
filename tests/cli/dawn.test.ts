// Tests of Dawn's slowed polling: on software adapters the event loop rests; nothing else is changed.
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { throttledOnSoftware } from '../../src/cli/dawn.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { ADAPTER_KINDS, describeOnAdapters, openAdapter } from '../support/adapter.ts'

/** Adds to two numbers many times. */
const ADDER = `
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(1)
fn main() { for (var i = 0u; i < arrayLength(&sums) * 1000; i++) { sums[i % 2] += 1.0; } }`

const FLOATS = 16_000 // 16 million additions, tens of milliseconds and more

const offer = async (info: Partial<GPUAdapterInfo>) =>
  throttledOnSoftware({ requestAdapter: async () => ({ info }) } as unknown as GPU).requestAdapter()

// First in this file, because polling stays slow once a software adapter was offered.
it('polls as Dawn does on a GPU, and changes that with the first software adapter', async () => {
  const { setImmediate } = globalThis
  await offer({ vendor: 'nvidia', architecture: 'hopper', isFallbackAdapter: false })
  expect(globalThis.setImmediate).toBe(setImmediate)
  await offer({ vendor: 'mesa', architecture: 'software', isFallbackAdapter: false })
  expect(globalThis.setImmediate).not.toBe(setImmediate)
})

describeOnAdapters(
  'waiting for Dawn',
  (adapter) => {
    it('leaves the event loop idle for most of a long wait, and returns the result', async () => {
      const device = await openAdapter(adapter)
      const module = device.gpu.createShaderModule({ code: ADDER })
      const pipeline = await device.gpu.createComputePipelineAsync({ layout: 'auto', compute: { module } })
      const sums = device.arena.allocate('activations', 'sums', 4 * FLOATS)
      const encoder = device.gpu.createCommandEncoder()
      const pass = encoder.beginComputePass()
      pass.setPipeline(pipeline)
      const entries = [{ binding: 0, resource: { buffer: sums.buffer } }]
      pass.setBindGroup(0, device.gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
      pass.dispatchWorkgroups(1)
      pass.end()
      device.gpu.queue.submit([encoder.finish()])
      const before = performance.eventLoopUtilization()
      const result = new Float32Array(await readBuffer(device, sums.buffer, 8))
      const { active, idle } = performance.eventLoopUtilization(before)
      expect([...result]).toEqual([8e6, 8e6])
      expect(idle).toBeGreaterThan(active)
      device.destroy()
    })
  },
  ADAPTER_KINDS,
)

it('leaves other uses of setImmediate unchanged', async () => {
  await offer({ vendor: 'google', architecture: 'swiftshader', isFallbackAdapter: true })
  expect(await promisify(setImmediate)('value')).toBe('value')
  const values = await new Promise((resolve) => setImmediate((...args) => resolve(args), 1, 2))
  expect(values).toEqual([1, 2])
  let ran = false
  const never = setImmediate(() => {
    ran = true
  })
  clearImmediate(never)
  await promisify(setImmediate)()
  expect(ran).toBe(false)
})
