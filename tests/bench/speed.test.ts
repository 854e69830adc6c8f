// Tests of the speed benchmark: FLOP counts, the check of the model, heap growth, and a whole measurement.
import sources from 'virtual:shaders'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { countGpuCalls, heapGrowth } from '../../src/bench/speed/allocations.ts'
import { type ModelCheck, requireAgreement } from '../../src/bench/speed/check-model.ts'
import { openDecoder } from '../../src/bench/speed/decoder.ts'
import { prefillFlops } from '../../src/bench/speed/flops.ts'
import { benchSpeed, type SpeedResult } from '../../src/bench/speed/speed.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { STEPS_IN_FLIGHT } from '../../src/engine/run/runtime.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import type { GqaAttention, ModelSpec } from '../../src/models/spec.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { SMALL_WIDTHS } from '../support/bench-sizes.ts'
import { LANTERNFISH, openModel } from '../support/model.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

describe('FLOPs of a prompt', () => {
  const { rotary } = SMALL_WIDTHS.attention
  const base = { ...SMALL_WIDTHS.spec, hiddenSize: 10, vocabSize: 7 } satisfies ModelSpec

  it('equal a count by hand for MLA with a dense and a mixture-of-experts layer', () => {
    const spec: ModelSpec = {
      ...base,
      attention: {
        ...SMALL_WIDTHS.attention,
        heads: 2,
        qLoraRank: 6,
        kvLoraRank: 5,
        qkNopeDim: 4,
        qkRopeDim: 2,
        vHeadDim: 3,
      },
      layers: [
        { kind: 'dense', intermediateSize: 11 },
        {
          ...SMALL_WIDTHS.mixture,
          experts: 9,
          expertsPerToken: 2,
          intermediateSize: 4,
          sharedIntermediateSize: 8,
        },
      ],
    }
    // q_a 10 × 6, q_b 6 × 12, kv_a 10 × 7, kv_b 5 × 14, o_proj 6 × 10.
    const attention = 60 + 72 + 70 + 70 + 60
    const dense = 3 * 10 * 11
    const mixture = 9 * 10 + 3 * 10 * (2 * 4 + 8) // only the 2 chosen of 9 experts
    const pairs = 1 + 2 + 3
    const scoresAndSums = 2 * pairs * 2 * (6 + 3)
    expect(prefillFlops(spec, 3)).toBe(2 * (3 * (2 * attention + dense + mixture) + scoresAndSums + 7 * 10))
  })

  it('equal a count by hand for GQA', () => {
    const grouped = {
      kind: 'grouped',
      heads: 4,
      kvHeads: 2,
      qkHeadDim: 6,
      vHeadDim: 5,
      qkRopeDim: 6,
      softmaxScale: 1,
    } as const satisfies Partial<GqaAttention>
    const spec: ModelSpec = {
      ...base,
      attention: {
        ...grouped,
        ropeInterleaved: true,
        qkvBias: false,
        qkNorm: false,
        unrotatedLayers: new Set(),
        rotary,
      },
      layers: [{ kind: 'dense', intermediateSize: 11 }],
    }
    const matrices = 10 * (4 * 6 + 2 * 6 + 2 * 5) + 4 * 5 * 10 + 3 * 10 * 11
    expect(prefillFlops(spec, 2)).toBe(2 * (2 * matrices + 3 * 4 * (6 + 5) + 70))
  })
})

describe('the check of a model', () => {
  const checkOf = (...errors: number[]): ModelCheck => ({
    positions: errors.map((error, position) => ({ position, error })),
    tolerance: 1e-4,
    maxTolerance: 0.25,
  })

  it('tolerates one position with different experts, but not most positions', () => {
    expect(requireAgreement(checkOf(1e-6, 0.2, 9e-5))).toEqual(checkOf(1e-6, 0.2, 9e-5))
    for (const [position, ...errors] of [
      [1, 2e-4, 3e-4, 1e-6],
      [2, 1e-6, 1e-6, 0.3],
      [0, Number.NaN, 1e-6, 1e-6],
    ] as const)
      expect(() => requireAgreement(checkOf(...errors))).toThrow(`disagree at position ${position}:`)
  })
})

describe('heap growth', () => {
  /** A heap that grows by 7 when its size is read, and by 1000 while a step is awaited. */
  function heapOf(growthOf: (step: number) => number) {
    let [bytes, step] = [50_000, 0]
    const submit = () => {
      bytes += growthOf(step++)
      return Promise.resolve().then(() => {
        bytes += 1000
      })
    }
    const heapBytes = () => {
      bytes += 7
      return bytes
    }
    return { submit, heapBytes }
  }

  it('is what submitting a step adds, without steps that had a garbage collection', async () => {
    const { submit, heapBytes } = heapOf((step) => (step % 3 === 2 ? -20_000 : 40))
    expect(await heapGrowth(heapBytes, 9, submit)).toBe(40)
  })

  it('is NaN if every step had a garbage collection', async () => {
    const { submit, heapBytes } = heapOf(() => -2000)
    expect(await heapGrowth(heapBytes, 4, submit)).toBeNaN()
  })
})

describeOnAdapters(
  'speed of a model',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it('counts created GPU objects, and restores the device afterwards', async () => {
      const { gpu } = engine.device
      const counts = await countGpuCalls(gpu, async () => {
        for (let i = 0; i < 3; i++) gpu.createBuffer({ size: 16, usage: 8 }).destroy()
        gpu.createBindGroupLayout({ entries: [] })
        gpu.createCommandEncoder().finish()
      })
      expect(counts).toEqual({
        calls: { createBuffer: 3, createBindGroupLayout: 1, createCommandEncoder: 1 },
        objects: 4,
      })
      expect(Object.hasOwn(gpu, 'createBuffer')).toBe(false)
      const spy = vi.spyOn(gpu, 'createBuffer')
      await countGpuCalls(gpu, async () => {})
      expect(gpu.createBuffer).toBe(spy)
      spy.mockRestore()
    })

    const bench = () => ({
      device: engine.device,
      pipelines: new PipelineCache(engine.device, sources),
      clock: undefined,
    })
    const options = { position: 70, steps: 2, prefillTokens: 300, repetitions: 1, roundBytes: 1 << 20 }

    it('is measured in one run, and a token creates no GPU objects', async () => {
      const before = engine.device.arena.count
      const heapBytes = () => process.memoryUsage().heapUsed
      const reported: Partial<SpeedResult> = {}
      const result = await benchSpeed(bench(), engine, {
        ...options,
        matmulShapes: SMALL_WIDTHS.matmulShapes,
        heapBytes,
        onPart: (part) => Object.assign(reported, part),
      })
      expect(reported).toEqual(result)
      const { check, decode, prefill, firstToken, allocations } = result
      expect(check.positions.map(({ position }) => position)).toEqual([0, 2, 5, 9, 70])
      expect(check).toMatchObject({
        tolerance: 1e-4 + 2e-3,
        maxTolerance: 0.25,
      } satisfies Partial<ModelCheck>)
      expect(allocations).toMatchObject({ objectsPerToken: 0, callsPerToken: { createCommandEncoder: 1 } })
      const ceilingMs = Object.values(decode.formats).reduce(
        (sum, { bytes, gbPerSecond }) => sum + bytes / gbPerSecond / 1e6,
        0,
      )
      expect(decode.fractionOfCeiling).toBeCloseTo(ceilingMs / decode.token.ms)
      expect(prefill.flops).toBe(prefillFlops(specOfEngine(engine), 300))
      expect(prefill.fractionOfCeiling).toBeCloseTo(
        prefill.flops / prefill.time.ms / 1e6 / prefill.ceiling.gflopPerSecond,
      )
      const { compile, encode, gpu, sample } = firstToken
      const parts = [compile, encode, gpu, sample]
      expect(parts.reduce((sum, { fraction }) => sum + fraction, 0)).toBeCloseTo(1)
      expect(encode.ms + gpu.ms + sample.ms).toBeCloseTo(firstToken.ms)
      expect(firstToken.pipelines).toBeGreaterThan(0) // besides those that were compiled to be checked
      expect(engine.device.arena.count).toBe(before)
    })

    // Wrong only in steps that are unlike those of the check at load, which would stop the load.
    const wrongIf = (condition: string) => `select(1.0, 1.1, ${condition}) *`
    it.each([
      [
        'prefill',
        'attention/mla_expand_kv',
        '= tile_value(i)[j]',
        `= ${wrongIf('step.position == 0')} tile_value(i)[j]`,
      ],
      [
        'decode',
        'attention/mla_combine_splits',
        'output[into + v] = sum;',
        `output[into + v] = ${wrongIf('step.position < 100')} sum;`,
      ],
    ])('is not measured if %s miscalculates', async (_, path, right, wrong) => {
      const shaders = { ...sources, ...tamperedShader(path, right, wrong) }
      const broken = await openModel(LANTERNFISH, adapter, { shaders })
      const reported: Partial<SpeedResult>[] = []
      const brokenBench = { ...bench(), device: broken.device }
      const run = benchSpeed(brokenBench, broken, { ...options, onPart: (part) => reported.push(part) })
      await expect(run).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/^Decode and prefill disagree at position \d+:/),
      })
      expect(reported).toEqual([])
      broken.destroy()
    })

    it('has as many decode steps in flight as an answer, with one submission each', async () => {
      const { runtime, release } = engine.lease()
      const decoder = await openDecoder(runtime, 70)
      const submit = vi.spyOn(engine.device.gpu.queue, 'submit')
      const running = decoder.run(7)
      expect(submit).toHaveBeenCalledTimes(STEPS_IN_FLIGHT) // until it waits for the first
      await running
      expect(submit).toHaveBeenCalledTimes(7)
      submit.mockRestore()
      decoder.close()
      release()
    })

    it('is refused if prompt or position do not fit the context', async () => {
      const { contextLength } = engine.info
      for (const more of [{ position: contextLength }, { prefillTokens: contextLength + 1 }]) {
        await expect(benchSpeed(bench(), engine, { ...options, ...more })).rejects.toMatchObject({
          code: 'context_full',
        })
      }
    })
  },
  ADAPTERS.slice(0, 1),
)

function specOfEngine(engine: Engine): ModelSpec {
  const { runtime, release } = engine.lease()
  release()
  return runtime.spec
}
