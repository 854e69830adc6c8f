// Answers: what does work on a GPU device make anew? Objects of the device, counted while the work runs; bytes of JavaScript's heap.
// It must not know what the work is.
import { spreadOf } from '../../lib/spread.ts'

/** The calls that make something, but for command encoders, which WebGPU wants one of for each submission. */
const MAKERS = [
  'createBuffer',
  'createTexture',
  'createSampler',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createBindGroup',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createQuerySet',
] as const
type Maker = (typeof MAKERS)[number] | 'createCommandEncoder'
const WATCHED: readonly Maker[] = [...MAKERS, 'createCommandEncoder']

export interface Made {
  /** Calls by name; those that were not made are missing. */
  readonly calls: Readonly<Partial<Record<Maker, number>>>
  /** All of them but command encoders. */
  readonly objects: number
}

/** Counts what `work` makes on `gpu`, whoever calls. */
export async function countMade(gpu: GPUDevice, work: () => Promise<unknown>): Promise<Made> {
  const calls: Partial<Record<Maker, number>> = {}
  const note = (name: Maker) => {
    calls[name] = (calls[name] ?? 0) + 1
  }
  const undo = WATCHED.map((name) => watch(gpu, name, () => note(name)))
  try {
    await work()
  } finally {
    for (const each of undo) each()
  }
  return { calls, objects: MAKERS.reduce((sum, name) => sum + (calls[name] ?? 0), 0) }
}

/** Puts a counter in front of a method; returns how to take it away. */
function watch(gpu: GPUDevice, name: Maker, note: () => void): () => void {
  const before = Object.getOwnPropertyDescriptor(gpu, name)
  const original = Reflect.get(gpu, name) as (...args: readonly unknown[]) => unknown
  const value = (...args: readonly unknown[]) => {
    note()
    return Reflect.apply(original, gpu, args)
  }
  Object.defineProperty(gpu, name, { configurable: true, writable: true, value })
  return () => {
    if (before) Object.defineProperty(gpu, name, before)
    else Reflect.deleteProperty(gpu, name)
  }
}

/**
 * Bytes of heap that JavaScript takes to submit a step: the median of `steps`, those left out in which garbage was collected, less what asking
 * takes. NaN when it was in all. What a runtime takes while it waits for the GPU is not the step's, grows with the time, and is not counted.
 */
export async function heapGrowth(
  heapBytes: () => number,
  steps: number,
  submit: () => () => Promise<unknown>,
): Promise<number> {
  const [asking, growth]: [number[], number[]] = [[], []]
  for (let step = 0; step < steps; step++) {
    const start = heapBytes()
    const before = heapBytes()
    const read = submit()
    const after = heapBytes()
    await read()
    if (before >= start) asking.push(before - start)
    if (after >= before) growth.push(after - before)
  }
  return Math.max(0, spreadOf(growth).ms - spreadOf(asking).ms)
}
