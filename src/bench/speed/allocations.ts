// Counts GPU objects created while work runs, and measures the JavaScript heap that submitting a step takes.
import { summarizeTimes } from '../../lib/timing-summary.ts'

/** Calls that create GPU objects, except command encoders: WebGPU needs one of those for each submission. */
const CREATE_CALLS = [
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
type CreateCall = (typeof CREATE_CALLS)[number] | 'createCommandEncoder'
const COUNTED_CALLS: readonly CreateCall[] = [...CREATE_CALLS, 'createCommandEncoder']

export interface GpuCallCounts {
  /** Calls by name; calls that did not occur are missing. */
  readonly calls: Readonly<Partial<Record<CreateCall, number>>>
  /** Created objects, command encoders not counted. */
  readonly objects: number
}

/** Counts the objects that anyone creates on `gpu` while `work` runs. */
export async function countGpuCalls(gpu: GPUDevice, work: () => Promise<unknown>): Promise<GpuCallCounts> {
  const calls: Partial<Record<CreateCall, number>> = {}
  const increment = (call: CreateCall) => {
    calls[call] = (calls[call] ?? 0) + 1
  }
  const restorers = COUNTED_CALLS.map((call) => intercept(gpu, call, () => increment(call)))
  try {
    await work()
  } finally {
    for (const restore of restorers) restore()
  }
  return { calls, objects: CREATE_CALLS.reduce((sum, call) => sum + (calls[call] ?? 0), 0) }
}

/** Wraps a method so that `onCall` runs first; returns a function that restores it. */
function intercept(gpu: GPUDevice, method: CreateCall, onCall: () => void): () => void {
  const before = Object.getOwnPropertyDescriptor(gpu, method)
  const original = Reflect.get(gpu, method) as (...args: readonly unknown[]) => unknown
  const value = (...args: readonly unknown[]) => {
    onCall()
    return Reflect.apply(original, gpu, args)
  }
  Object.defineProperty(gpu, method, { configurable: true, writable: true, value })
  return () => {
    if (before) Object.defineProperty(gpu, method, before)
    else Reflect.deleteProperty(gpu, method)
  }
}

/**
 * Heap bytes that submitting one step allocates: the median over `steps`, less the cost of reading the heap
 * size. Steps with a garbage collection are left out; NaN if every step had one. Allocations while waiting
 * for the GPU grow with the waiting time and are not counted.
 */
export async function heapGrowth(
  heapBytes: () => number,
  steps: number,
  submit: () => Promise<unknown>,
): Promise<number> {
  const [overhead, growth]: [number[], number[]] = [[], []]
  for (let step = 0; step < steps; step++) {
    const start = heapBytes()
    const before = heapBytes()
    const read = submit()
    const after = heapBytes()
    await read
    if (before >= start) overhead.push(before - start)
    if (after >= before) growth.push(after - before)
  }
  return Math.max(0, summarizeTimes(growth).ms - summarizeTimes(overhead).ms)
}
