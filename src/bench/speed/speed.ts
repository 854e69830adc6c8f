// Answers: how fast is a model on this adapter, as a share of what the adapter can do in the same run? It is proven, then decode, prefill, the way
// to the first token, and what a token allocates are measured. It must not know how figures are printed, nor how a model is loaded.
import type { Engine } from '../../engine/engine.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Format } from '../../gpu/matrix.ts'
import { HadalError } from '../../lib/error.ts'
import { type ProductShape, V2_LITE } from '../kernels/model.ts'
import type { Bench } from '../kernels/run.ts'
import { countMade, heapGrowth, type Made } from './allocations.ts'
import { benchDecode, type DecodeRow } from './decode.ts'
import { type Decoder, openDecoder } from './decoder.ts'
import { benchPrefill, type FirstTokenRow, type PrefillRow } from './prefill.ts'
import { type ModelProof, proveModel } from './proof.ts'

export interface SpeedOptions {
  readonly position: number // tokens before those that are decoded
  readonly steps: number // decode steps of one measurement
  readonly prefillTokens: number
  readonly repetitions: number
  readonly roundBytes: number
  /** Bytes of JavaScript's heap in use, where they are told. */
  readonly heapBytes?: () => number
  /** At which the best product is sought; those of V2-Lite unless given. */
  readonly shapes?: readonly ProductShape[]
  /** Gets each part of the result as soon as it is measured: all of it may take minutes. */
  readonly onPart?: (part: Partial<SpeedResult>) => void
}

export interface SpeedResult {
  readonly proof: ModelProof
  readonly decode: DecodeRow
  readonly prefill: PrefillRow
  readonly firstToken: FirstTokenRow
  readonly allocations: AllocationRow
}

export interface AllocationRow {
  readonly tokens: number // over which objects were counted
  readonly objectsPerToken: number // of the GPU device, command encoders aside
  readonly callsPerToken: Made['calls']
  readonly heapBytesPerToken?: number // that submitting it takes; missing where the heap is not told, or garbage was collected all the time
}

/**
 * Measures a loaded model, which answers nothing else meanwhile. `bench` is on the engine's device.
 * Throws `context_full` when position or prompt do not fit its context, `bad_request` when it is answering, `internal` when the model
 * or a ceiling computes wrongly.
 */
export async function benchSpeed(bench: Bench, engine: Engine, options: SpeedOptions): Promise<SpeedResult> {
  const { runtime, compiled, release } = engine.borrow()
  try {
    checkContext(runtime, options)
    const proof = await proveModel(bench.device, runtime)
    options.onPart?.({ proof })
    const decoder = await openDecoder(runtime, options.position)
    const decode = await benchDecode(bench, decoder, options)
    options.onPart?.({ decode })
    const allocations = await measureAllocations(bench.device.gpu, decoder, options)
    options.onPart?.({ allocations })
    decoder.close()
    const rest = await benchPrefill(bench, runtime, compiled, {
      tokens: options.prefillTokens,
      repetitions: options.repetitions,
      formats: Object.keys(decoder.activeBytes) as Format[],
      shapes: options.shapes ?? V2_LITE.products,
    })
    options.onPart?.(rest)
    return { proof, decode, ...rest, allocations }
  } finally {
    release()
  }
}

function checkContext({ options: { contextLength } }: Runtime, options: SpeedOptions): void {
  const wanted = Math.max(options.position + 1, options.prefillTokens)
  if (wanted <= contextLength) return
  throw new HadalError('context_full', `${wanted} tokens do not fit a context of ${contextLength}.`, {
    hint: 'Open the model with a larger context, or measure fewer tokens.',
  })
}

const COUNTED_TOKENS = 8
const HEAP_STEPS = 32

async function measureAllocations(
  gpu: GPUDevice,
  decoder: Decoder,
  { heapBytes }: SpeedOptions,
): Promise<AllocationRow> {
  const { calls, objects } = await countMade(gpu, () => decoder.run(COUNTED_TOKENS))
  const each = Object.entries(calls).map(([name, count]) => [name, count / COUNTED_TOKENS])
  const grown = heapBytes ? await heapGrowth(heapBytes, HEAP_STEPS, decoder.submit) : Number.NaN
  return {
    tokens: COUNTED_TOKENS,
    objectsPerToken: objects / COUNTED_TOKENS,
    callsPerToken: Object.fromEntries(each),
    ...(!Number.isNaN(grown) && { heapBytesPerToken: grown }),
  }
}
