// Tests of reported experts: by the f64 reference, in every form of decoding, and that off costs nothing.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { prefill } from '../../src/engine/run/prefill.ts'
import type { Runtime } from '../../src/engine/run/runtime.ts'
import { Session } from '../../src/engine/run/session.ts'
import { decodeGraph, prefillGraph } from '../../src/engine/run/step-graphs.ts'
import type { GenerateEvent, GenerateRequest, TokenExperts } from '../../src/engine/types.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { route as routeKernel } from '../../src/kernels/moe.ts'
import type { MoeLayer } from '../../src/models/spec.ts'
import type { Graph } from '../../src/program/graph.ts'
import { type ExpertChoice, route } from '../../src/reference/moe.ts'
import { ADAPTER_KINDS, ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

const CHUNK = 16 // so that prompts take several, the last one partly filled
const PROMPT = Array.from({ length: 2 * CHUNK + 5 }, (_, i) => (i * 61 + 7) % 300)

const tokensOf = (events: readonly GenerateEvent[]) =>
  events.flatMap((event) => (event.type === 'delta' ? (event.experts?.tokens ?? []) : []))

/** Router logits of one row of a step, by layer with experts, and the layers' correction biases. */
interface RouterState {
  readonly logits: readonly Float64Array[]
  readonly biases: readonly Float64Array[]
}

/** Makes a program of the graph that keeps its router logits, runs it, and reads those of the last row. */
async function routerState(
  runtime: Runtime,
  graph: Graph,
  { position, tokens }: { readonly position: number; readonly tokens: number },
): Promise<RouterState> {
  const { device, create, run } = runtime.ownPrograms
  const routes = graph.dispatches.filter(({ kernel }) => kernel.path === routeKernel.path)
  const program = create(graph)
  await program.compile()
  const kept = routes.map(({ operands: { logits, bias } }) => {
    if (logits?.kind !== 'activation' || bias?.kind !== 'resource') throw new Error('other operands')
    const { buffer, free } = device.arena.allocate('state', 'logits', logits.rows * logits.stride * 4)
    return { logits, buffer, free, bias: bias.buffer() }
  })
  program.rebind(new Map(kept.map(({ logits, buffer }) => [logits, { buffer }])))
  await run(program, { position, tokens })
  const rowOf = async (source: GPUBuffer, length: number, row = 0) =>
    Float64Array.from(new Float32Array(await readBuffer(device, source, length * 4, row * 4)))
  const state = {
    logits: await Promise.all(
      kept.map(({ buffer, logits }) => rowOf(buffer, logits.cols, (tokens - 1) * logits.stride)),
    ),
    biases: await Promise.all(kept.map(({ bias, logits }) => rowOf(bias, logits.cols))),
  }
  program.destroy()
  for (const { free } of kept) free()
  return state
}

/** What the f64 reference chooses by these logits, a list for each layer. */
function referenceChoice(layers: readonly MoeLayer[], { logits, biases }: RouterState): ExpertChoice[][] {
  return layers.map((layer, index) => {
    const [row, bias] = [logits[index], biases[index]]
    if (!row || !bias) throw new Error('a layer is missing')
    const { scoringFunc, groupScore, ...options } = layer
    const rest = { sigmoid: scoringFunc === 'sigmoid', groupTop2: groupScore === 'top2' }
    return route(row, bias, { ...options, ...rest })
  })
}

function expectChoice(token: TokenExperts | null | undefined, expected: readonly ExpertChoice[][]): void {
  expect(token?.ids).toEqual(expected.flat().map(({ expert }) => expert))
  expected.flat().forEach(({ weight }, at) => {
    expect(token?.weights[at]).toBeCloseTo(weight, 4)
  })
}

describeOnAdapters('the experts of tokens', (adapter) => {
  const models = ['deepseek_v3-fp8-tiny', 'qwen3_moe-bf16', 'deepseek_v2-e8m0']

  it.each(models.slice(0, adapter.name === 'lavapipe' ? 3 : 1))(
    'of %s are those that the reference chooses, in prefill and in decode',
    async (name) => {
      const engine = await openModel(join(FIXTURES, name), adapter, { prefillChunk: CHUNK })
      const request = { input: { ids: PROMPT }, sampling: GREEDY, maxTokens: 4, plainOutput: true }
      const { ids, events } = await runRequest(engine, { ...request, experts: true })
      const tokens = tokensOf(events)
      expect(tokens).toHaveLength(ids.length)
      const { runtime, release } = engine.lease()
      const { inputs, device } = runtime.ownPrograms
      const layers = runtime.spec.layers.filter((layer) => layer.kind === 'mixture')
      const session = new Session(runtime.cache)
      await session.reserve(PROMPT.length + ids.length)
      runtime.writePageTable(session)
      const whole = PROMPT.length - (PROMPT.length % CHUNK)
      await prefill(runtime, session, PROMPT.slice(0, whole))
      const rest = PROMPT.slice(whole)
      device.gpu.queue.writeBuffer(runtime.state.prompt, 0, Uint32Array.from(rest))
      const at = { position: whole, tokens: rest.length }
      expectChoice(tokens[0], referenceChoice(layers, await routerState(runtime, prefillGraph(inputs), at)))
      for (const [index, id] of ids.slice(0, -1).entries()) {
        runtime.writeToken(id)
        const step = { position: PROMPT.length + index, tokens: 1 }
        const state = await routerState(runtime, decodeGraph(inputs), step)
        expectChoice(tokens[index + 1], referenceChoice(layers, state))
      }
      session.close()
      release()
      engine.destroy()
    },
  )
})

const ask = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  input: { messages: [{ role: 'user', content: 'What is 17 + 25?' }] },
  sampling: GREEDY,
  maxTokens: 24,
  ...more,
})

describeOnAdapters(
  'reporting experts',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it('changes neither the text nor the dispatches, and its memory is freed', async () => {
      const plain = await runRequest(engine, ask())
      await runRequest(engine, ask()) // the cache has room for two answers now
      const before = engine.gpuBytes()
      let during = before
      const events: GenerateEvent[] = []
      for await (const event of engine.generate(ask({ experts: true }))) {
        during = engine.gpuBytes()
        events.push(event)
      }
      expect(events.flatMap((event) => (event.type === 'delta' ? event.ids : []))).toEqual(plain.ids)
      expect(events.at(-1)).toMatchObject({ dispatchesPerToken: plain.done.dispatchesPerToken })
      expect(during.state).toBeGreaterThan(before.state ?? 0)
      expect({ ...during, state: 0, staging: 0, total: 0 }).toEqual({
        ...before,
        state: 0,
        staging: 0,
        total: 0,
      })
      expect(engine.gpuBytes()).toEqual(before)
      const after = await runRequest(engine, ask())
      expect([after.ids, after.done.dispatchesPerToken]).toEqual([plain.ids, plain.done.dispatchesPerToken])
      expect(tokensOf(after.events)).toEqual([])
      expect(engine.gpuBytes()).toEqual(before)
    })

    it('gives distinct ids and normalised weights for each layer with experts', async () => {
      const { events, ids } = await runRequest(engine, ask({ experts: true, maxTokens: 60 }))
      const [first] = events.flatMap((event) => (event.type === 'delta' ? (event.experts ?? []) : []))
      expect(first).toMatchObject({ layers: [1, 2, 3], expertsPerToken: 4 })
      const tokens = tokensOf(events)
      expect(tokens).toHaveLength(ids.length)
      for (const token of tokens) {
        expect(token?.weights).toHaveLength(12)
        for (let layer = 0; layer < 3; layer++) {
          const chosen = token?.ids.slice(4 * layer, 4 * layer + 4) ?? []
          expect(new Set(chosen).size).toBe(4)
          expect(chosen.every((id) => id >= 0 && id < 16)).toBe(true)
          const weights = token?.weights.slice(4 * layer, 4 * layer + 4) ?? []
          expect(weights.every((weight) => weight > 0)).toBe(true)
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1.5, 5)
        }
      }
    })

    it('goes with log-probabilities, with a format, and with an answer that was interrupted', async () => {
      const { events } = await runRequest(engine, ask({ experts: true, logprobs: 5 }))
      const plain = tokensOf((await runRequest(engine, ask({ experts: true }))).events)
      expect(tokensOf(events)).toEqual(plain)
      for (const event of events)
        if (event.type === 'delta' && event.ids.length > 0)
          expect([event.logprobs?.length, event.experts?.tokens.length]).toEqual([1, 1])
      const held = await runRequest(
        engine,
        ask({ experts: true, thinking: false, responseFormat: { type: 'json_object' } }),
      )
      expect(tokensOf(held.events)).toHaveLength(held.ids.length)
      expect(tokensOf(held.events)).not.toContain(null)
      const whole = await runRequest(engine, ask({ experts: true }))
      const resumed = await runRequest(engine, ask({ experts: true, resume: whole.ids.slice(0, 7) }))
      expect(resumed.ids).toEqual(whole.ids.slice(7))
      expect(tokensOf(resumed.events)).toEqual(tokensOf(whole.events).slice(7))
    })

    it('ends cleanly when the answer is aborted', async () => {
      const before = engine.gpuBytes()
      for await (const event of engine.generate(ask({ experts: true }))) if (event.type === 'delta') break
      const stopped = await runRequest(engine, ask({ experts: true }), AbortSignal.abort())
      expect(stopped.done.finishReason).toBe('abort')
      expect(engine.gpuBytes()).toEqual(before)
    })
  },
  ADAPTER_KINDS,
)

describe('a model without experts', () => {
  const [adapter] = ADAPTERS
  it.skipIf(!adapter?.icd)('refuses to report them', async () => {
    if (!adapter) return
    const engine = await openModel(join(FIXTURES, 'llama-bf16'), adapter)
    const request = { input: { ids: PROMPT }, maxTokens: 2, experts: true }
    await expect(runRequest(engine, request)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('hadal.experts'),
      hint: expect.stringContaining('Leave it out'),
    })
    expect((await runRequest(engine, { ...request, experts: false })).done.tokens).toBe(2)
    engine.destroy()
  })
})
