// Measures a model's speed as a fraction of what the adapter can do in the same run: first a check of the
// model, then decode, prefill, the time to the first token, and allocations per token.
import type { Engine } from '../../engine/engine.ts'
import type { Runtime } from '../../engine/run/runtime.ts'
import type { StorageFormat } from '../../gpu/formats.ts'
import { HadalError } from '../../lib/error.ts'
import type { BenchContext } from '../kernels/dispatch-timer.ts'
import { type MatmulShape, V2_LITE } from '../kernels/model-widths.ts'
import { countGpuCalls, type GpuCallCounts, heapGrowth } from './allocations.ts'
import { checkModel, type ModelCheck } from './check-model.ts'
import { benchDecode, type DecodeRow } from './decode.ts'
import { type DecodeRunner, openDecoder } from './decoder.ts'
import { benchPrefill, type FirstTokenRow, type PrefillRow } from './prefill.ts'

export interface SpeedOptions {
  readonly position: number // cached tokens before each decode step
  readonly steps: number // decode steps per measurement
  readonly prefillTokens: number
  readonly repetitions: number
  readonly roundBytes: number
  /** JavaScript heap bytes in use, where the host reports them. */
  readonly heapBytes?: () => number
  /** Shapes tried for the matmul ceiling; default: those of V2-Lite. */
  readonly matmulShapes?: readonly MatmulShape[]
  /** Receives each part of the result as soon as it is measured; the whole may take minutes. */
  readonly onPart?: (part: Partial<SpeedResult>) => void
}

export interface SpeedResult {
  readonly check: ModelCheck
  readonly decode: DecodeRow
  readonly prefill: PrefillRow
  readonly firstToken: FirstTokenRow
  readonly allocations: AllocationRow
}

export interface AllocationRow {
  readonly tokens: number // counted over this many tokens
  readonly objectsPerToken: number // GPU objects created, command encoders not counted
  readonly callsPerToken: GpuCallCounts['calls']
  /**
   * Heap bytes to submit a token; missing if the host reports no heap size or every step had a collection.
   */
  readonly heapBytesPerToken?: number
}

/**
 * Measures a loaded model, which serves no other request meanwhile. `bench` must be on the engine's device.
 * Throws `context_full` if position or prompt do not fit the context, `bad_request` if the model is busy,
 * `internal` if the model or a ceiling loop miscalculates.
 */
export async function benchSpeed(
  bench: BenchContext,
  engine: Engine,
  options: SpeedOptions,
): Promise<SpeedResult> {
  const { runtime, compiled, release } = engine.lease()
  try {
    checkContext(runtime, options)
    const check = await checkModel(bench.device, runtime)
    options.onPart?.({ check })
    const decoder = await openDecoder(runtime, options.position)
    const decode = await benchDecode(bench, decoder, options)
    options.onPart?.({ decode })
    const allocations = await measureAllocations(bench.device.gpu, decoder, options)
    options.onPart?.({ allocations })
    decoder.close()
    const rest = await benchPrefill(bench, runtime, compiled, {
      tokens: options.prefillTokens,
      repetitions: options.repetitions,
      formats: Object.keys(decoder.activeBytes) as StorageFormat[],
      shapes: options.matmulShapes ?? V2_LITE.matmulShapes,
    })
    options.onPart?.(rest)
    return { check, decode, ...rest, allocations }
  } finally {
    release()
  }
}

function checkContext({ options: { contextLength } }: Runtime, options: SpeedOptions): void {
  const needed = Math.max(options.position + 1, options.prefillTokens)
  if (needed <= contextLength) return
  throw new HadalError('context_full', `${needed} tokens do not fit a context of ${contextLength}.`, {
    hint: 'Open the model with a larger context, or measure fewer tokens.',
  })
}

const COUNTED_TOKENS = 8
const HEAP_STEPS = 32

async function measureAllocations(
  gpu: GPUDevice,
  decoder: DecodeRunner,
  { heapBytes }: SpeedOptions,
): Promise<AllocationRow> {
  const { calls, objects } = await countGpuCalls(gpu, () => decoder.run(COUNTED_TOKENS))
  const perToken = Object.entries(calls).map(([call, count]) => [call, count / COUNTED_TOKENS])
  const grown = heapBytes ? await heapGrowth(heapBytes, HEAP_STEPS, decoder.submit) : Number.NaN
  return {
    tokens: COUNTED_TOKENS,
    objectsPerToken: objects / COUNTED_TOKENS,
    callsPerToken: Object.fromEntries(perToken),
    ...(!Number.isNaN(grown) && { heapBytesPerToken: grown }),
  }
}
