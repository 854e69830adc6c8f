// A recorded generation and benchmark, and an engine that replays recorded events.
import type { BenchEvent, BenchResult } from '../../src/bench/result.ts'
import type { GenerateEvent, GenerateRequest, ModelInfo } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import type { HostedEngine, MeasureCaches, PlanModel } from '../../src/worker/host.ts'
import { SAMPLE_RESULT } from '../support/bench-result.ts'

const kv = (tokens: number) => ({ tokens, bytes: 1152 * 64, standardBytes: 5120 * tokens })
const delta = (tokens: number, text: string, reasoning = ''): GenerateEvent => ({
  type: 'delta',
  text,
  reasoning,
  ids: [300 + tokens],
  tokens,
  tokensPerSecond: 20,
  kv: kv(9 + tokens),
})

export const WHO_ARE_YOU: readonly GenerateEvent[] = [
  delta(1, '', 'This is'),
  delta(2, '', ' about me.'),
  delta(3, 'I am '),
  delta(4, 'Lanternfish'),
  delta(5, ' 🐟.'),
  {
    type: 'done',
    finishReason: 'stop',
    promptTokens: 9,
    cachedTokens: 4,
    tokens: 6,
    reasoningTokens: 2,
    prefillMs: 12,
    decodeMs: 250,
    dispatchesPerToken: 40,
    readbacksPerToken: 1,
    kv: kv(15),
  },
]

const MODEL_INFO: ModelInfo = {
  name: 'Lanternfish',
  architecture: 'deepseek_v3',
  parameters: 9_265_920,
  activeParameters: 3_276_032,
  layers: 4,
  hidden: 256,
  attention: 'latent',
  heads: 8,
  experts: 16,
  activeExperts: 4,
  vocab: 1536,
  contextLength: 2048,
  prefillChunk: 256,
  kvBytesPerToken: 1152,
  standardKvBytesPerToken: 5120,
  adapter: 'none',
  variants: [],
  notices: [],
  quantize: 'none',
  thinking: true,
}

/** For hosts whose test makes no plan. */
export const noPlan: PlanModel = () => Promise.reject(new Error('this test makes no plan'))

/** For hosts whose test runs no benchmark. */
// biome-ignore lint/correctness/useYield: nothing is measured here
export const noMeasure: MeasureCaches<HostedEngine> = async function* () {
  throw new Error('this test runs no benchmark')
}

const BENCH_RESULT: BenchResult = { ...SAMPLE_RESULT, caches: [], rows: [], complete: false }

/** The first and last event of a benchmark. */
export const BENCH_EVENTS: readonly BenchEvent[] = [
  { progress: { phase: 'copy', done: 0, total: 2 }, result: BENCH_RESULT },
  { progress: { phase: 'done', done: 2, total: 2 }, result: { ...BENCH_RESULT, complete: true } },
]

/**
 * An engine that replays the events, one turn of the event loop apart, and logs its requests and what it did.
 */
export function replayEngine(events: readonly GenerateEvent[] = WHO_ARE_YOU) {
  const log: string[] = []
  const requests: GenerateRequest[] = []
  let lose = (_error: HadalError) => {}
  const lost = new Promise<HadalError>((resolve) => {
    lose = resolve
  })
  const engine: HostedEngine = {
    info: MODEL_INFO,
    gpuBytes: () => ({ weights: 10_000_000, kv: 73_728, total: 10_073_728 }),
    async *generate(request, signal) {
      const name = 'prompt' in request.input ? request.input.prompt : 'chat'
      requests.push(request)
      log.push(`start ${name}`)
      try {
        for (const event of events) {
          await new Promise((resolve) => setTimeout(resolve))
          if (signal?.aborted) throw new HadalError('aborted', 'The operation was cancelled.')
          log.push(`event ${name}`)
          // Answers of one request come at the same time, in any order.
          for (const { index: choice } of [...(request.choices ?? [])].reverse()) yield { ...event, choice }
          if (!request.choices) yield event
        }
      } finally {
        log.push(`stop ${name}`)
      }
    },
    tokenize: async ({ input }) => ('ids' in input ? input.ids : [1, 2, 3]),
    detokenize: (ids) => ids.map((id) => `<${id}>`).join(''),
    async *embed({ input }, signal) {
      for (const item of input) {
        await new Promise((resolve) => setTimeout(resolve))
        if (signal?.aborted) throw new HadalError('aborted', 'The operation was cancelled.')
        log.push(`embed ${item}`)
        yield { embedding: Float32Array.of(item.length, 0.1), tokens: item.length }
      }
    },
    sessionTask: async () => ({ tokens: 3 }),
    destroy: () => log.push('destroy'),
    lost,
  }
  return { engine, log, requests, lose }
}
