// Runs one kernel: uploads arrays, dispatches once, reads back every written array and checks guard words.
import sources from 'virtual:shaders'
import { expect } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import type { Binding, Kernel } from '../../src/gpu/kernel.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import type { Imports, ShaderSources } from '../../src/gpu/linker.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../src/kernels/step.ts'

export type KernelData = Float32Array | Uint32Array

export interface KernelCase<B extends Readonly<Record<string, Binding>>, C extends string> {
  readonly kernel: Kernel<B, C>
  readonly constants: Partial<Record<C, number>>
  readonly imports?: Imports
  readonly grid: readonly [number, number?, number?]
  readonly step?: Partial<Step>
  /** Shader sources that replace the project's own. */
  readonly shaders?: ShaderSources
  /** The initial contents of each storage binding, which set its size; uniforms other than Step as words. */
  readonly data: Partial<Record<keyof B, KernelData>>
}

const GUARD_WORDS = 64
const GUARD = 0x7fc0_dead // a NaN, so that reading it is detected too

const caches = new WeakMap<Device, PipelineCache>()
/** One pipeline cache per device, so that cases that differ only in data compile once. */
export function pipelinesOf(device: Device): PipelineCache {
  let cache = caches.get(device)
  if (!cache) {
    cache = new PipelineCache(device, sources)
    caches.set(device, cache)
  }
  return cache
}

/**
 * Runs one dispatch and returns the contents of every read_write binding, as the array type that was passed
 * in.
 */
export async function runKernel<B extends Readonly<Record<string, Binding>>, C extends string>(
  device: Device,
  spec: KernelCase<B, C>,
): Promise<Record<keyof B, KernelData>> {
  const { gpu } = device
  const cache = spec.shaders ? new PipelineCache(device, spec.shaders) : pipelinesOf(device)
  gpu.pushErrorScope('validation')
  const constants = Object.fromEntries(
    Object.entries<number | undefined>(spec.constants).filter(([, value]) => value !== undefined),
  ) as Record<string, number>
  const pipeline = await cache.prepare({ kernel: spec.kernel, constants, imports: spec.imports ?? {} })
  const buffers = Object.entries(spec.kernel.bindings).map(([name, binding]) =>
    bufferFor(gpu, spec, name, binding),
  )
  const encoder = gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const dynamic = Object.values(spec.kernel.bindings).filter((binding) => binding.dynamic)
  const group = gpu.createBindGroup({
    layout: cache.layout(spec.kernel),
    entries: buffers.map(({ buffer, bytes }, binding) => ({ binding, resource: { buffer, size: bytes } })),
  })
  pass.setBindGroup(
    0,
    group,
    dynamic.map(() => 0),
  )
  pass.dispatchWorkgroups(...spec.grid)
  pass.end()
  const reads = buffers
    .filter(({ binding }) => binding.access === 'read_write')
    .map((entry) => {
      const staging = gpu.createBuffer({ size: entry.buffer.size, usage: 0x1 | 0x8 })
      encoder.copyBufferToBuffer(entry.buffer, 0, staging, 0, entry.buffer.size)
      return { ...entry, staging }
    })
  gpu.queue.submit([encoder.finish()])
  const results: Record<string, KernelData> = {}
  for (const { name, staging, data, bytes } of reads) {
    await staging.mapAsync(0x1)
    const words = new Uint32Array(staging.getMappedRange().slice(0))
    expect(words.subarray(bytes / 4), `guard words after ${name}`).toEqual(
      new Uint32Array(GUARD_WORDS).fill(GUARD),
    )
    const contents = words.slice(0, data.length)
    results[name] = data instanceof Float32Array ? new Float32Array(contents.buffer) : contents
    staging.destroy()
  }
  for (const { buffer } of buffers) buffer.destroy()
  const error = await gpu.popErrorScope()
  expect(error?.message ?? '', 'validation errors').toBe('')
  return results as Record<keyof B, KernelData>
}

function bufferFor(
  gpu: GPUDevice,
  spec: { readonly step?: Partial<Step>; readonly data: Partial<Record<string, KernelData>> },
  name: string,
  binding: Binding,
) {
  const data = binding.type === 'Step' ? stepWords(spec.step) : spec.data[name]
  if (!data) throw new Error(`the case gives no data for ${name}`)
  const bytes = Math.ceil(data.byteLength / 16) * 16
  const guarded = new Uint32Array(bytes / 4 + GUARD_WORDS).fill(GUARD)
  guarded.fill(0, 0, bytes / 4)
  guarded.set(new Uint32Array(data.buffer, data.byteOffset, data.length))
  const usage = binding.access === 'uniform' ? 0x40 | 0x8 : 0x80 | 0x8 | 0x4
  const buffer = gpu.createBuffer({ size: guarded.byteLength, usage })
  gpu.queue.writeBuffer(buffer, 0, guarded)
  return { name, binding, data, bytes, buffer }
}

function stepWords(step: Partial<Step> = {}): Uint32Array {
  const view = new DataView(new ArrayBuffer(STEP_BYTES))
  writeStep({ ...PLAIN_STEP, ...step }, view)
  return new Uint32Array(view.buffer)
}
