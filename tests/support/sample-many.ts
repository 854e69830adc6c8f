// Samples many tokens from the same logits, in one submission with a step and a result per draw.
import type { Device } from '../../src/gpu/device.ts'
import { sampleToken } from '../../src/kernels/sample.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../src/kernels/step.ts'
import { pipelinesOf } from './kernel.ts'
import { padRows } from './numbers.ts'

const SLOT_BYTES = 256 // the largest offset alignment that a device may ask for; also 64 result words

/** The token ids of draws 0, 1, … `count` - 1 from the same logits. */
export async function sampleMany(
  device: Device,
  logits: ArrayLike<number>,
  step: Partial<Step>,
  count: number,
): Promise<Uint32Array> {
  const { gpu } = device
  const cache = pipelinesOf(device)
  const pipeline = await cache.prepare({
    kernel: sampleToken,
    constants: { VOCAB: logits.length },
    imports: {},
  })
  const storage = (bytes: number) =>
    gpu.createBuffer({ size: Math.ceil(bytes / 16) * 16, usage: 0x80 | 0x8 | 0x4 })
  const steps = gpu.createBuffer({ size: count * SLOT_BYTES, usage: 0x40 | 0x8 })
  const [adjusted, counts, token] = [storage(4 * logits.length + 64), storage(4 * logits.length), storage(16)]
  const results = storage(count * SLOT_BYTES)
  const staging = gpu.createBuffer({ size: results.size, usage: 0x1 | 0x8 })
  const bytes = new ArrayBuffer(count * SLOT_BYTES)
  for (let draw = 0; draw < count; draw++) {
    writeStep({ ...PLAIN_STEP, ...step, draw }, new DataView(bytes, draw * SLOT_BYTES, STEP_BYTES))
  }
  gpu.queue.writeBuffer(steps, 0, bytes)
  gpu.queue.writeBuffer(adjusted, 0, padRows(logits, logits.length))
  const encoder = gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  for (let draw = 0; draw < count; draw++) {
    const slot = { offset: draw * SLOT_BYTES, size: SLOT_BYTES }
    const resources = [
      { buffer: steps, ...slot, size: STEP_BYTES },
      ...[adjusted, counts, token].map((buffer) => ({ buffer })),
    ]
    const entries = [...resources, { buffer: results, ...slot }].map((resource, binding) => ({
      binding,
      resource,
    }))
    pass.setBindGroup(0, gpu.createBindGroup({ layout: cache.layout(sampleToken), entries }))
    pass.dispatchWorkgroups(1)
  }
  pass.end()
  encoder.copyBufferToBuffer(results, 0, staging, 0, results.size)
  gpu.queue.submit([encoder.finish()])
  await staging.mapAsync(0x1)
  const words = new Uint32Array(staging.getMappedRange())
  const ids = Uint32Array.from({ length: count }, (_, draw) => words[(draw * SLOT_BYTES) / 4] ?? 0)
  for (const buffer of [steps, adjusted, counts, token, results, staging]) buffer.destroy()
  return ids
}
