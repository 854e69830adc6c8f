// Runs the programs of a new runtime once, since some drivers compile a pipeline only when it first runs.
import type { KvCache } from './kv-cache.ts'
import type { StateBuffers, StateName } from './state.ts'

/** How many pipelines were new, and how long compiling them took, with the first run. */
export interface CompileStats {
  readonly pipelines: number
  readonly ms: number
}

/** The part of a `Runtime` that warming up uses. */
interface NewRuntime {
  readonly state: StateBuffers
  readonly cache: KvCache
  prefillOnly(position: number): void
  decodeOnly(position: number): void
  idle(): Promise<void>
}

/** What the steps write, besides activations and the step itself. */
const WRITTEN: readonly StateName[] = ['token', 'logits', 'adjusted', 'counts', 'result']

/**
 * Prefills one token, decodes and samples another, waits, and leaves state and KV cache as zero as they were
 * allocated. Their content does not matter, so this needs weights but no session. It costs a new model two
 * tokens; without it the first answer waits for the driver's compiler instead.
 */
export async function warmUp(gpu: GPUDevice, runtime: NewRuntime): Promise<void> {
  const { state, cache } = runtime
  runtime.prefillOnly(0)
  runtime.decodeOnly(1)
  const encoder = gpu.createCommandEncoder()
  for (const buffer of [...WRITTEN.map((name) => state[name]), ...cache.buffers]) encoder.clearBuffer(buffer)
  gpu.queue.submit([encoder.finish()])
  await runtime.idle()
}
