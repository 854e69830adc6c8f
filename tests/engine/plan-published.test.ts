// Tests of the plans of published models, from their headers alone. Needs no GPU.
import { expect, it, test } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { plan } from '../../src/engine/load/plan.ts'
import { QUANTIZATIONS } from '../../src/engine/load/quantization.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { weightlessModel } from '../support/weightless-model.ts'
import { measureWork } from '../support/work.ts'
import { makeSafetensors } from '../weights/make-safetensors.ts'

const GIB = 2 ** 30
const MAX_WORK = 200 // about three times what planning DeepSeek-V3 takes alone
const config = (name: string) => PUBLISHED_CONFIGS[name] ?? {}

it('plans DeepSeek-V3 from the headers of its shards within the guaranteed device limits', async () => {
  const { source, read } = weightlessModel(config('V3'), 163)
  const { result: planned, work } = await measureWork(MAX_WORK, () =>
    plan(source, { limits: GUARANTEED, contextLength: 4096, memoryBytes: 24 * GIB }),
  )
  expect(work).toBeLessThan(MAX_WORK)
  expect(read.weights).toBeLessThan(163 * 128 * 1024)
  expect(planned).toMatchObject({ architecture: 'deepseek_v3', unsupported: [], fits: false, auto: 'q4' })
  expect(planned.parameters / 1e9).toBeCloseTo(671, 0)
  expect((planned.model?.activeParameters ?? 0) / 1e9).toBeCloseTo(37, 0)
  expect(planned.model).toMatchObject({ layers: 61, denseLayers: 3, experts: 256, activeExperts: 8 })
  expect(planned.model?.kvBytesPerToken).toBe(61 * 576 * 2)
  expect(planned.gpu?.bytes.kv_cache).toBe(61 * 576 * 2 * 4096)
  const gpu = planned.gpu?.bytes
  expect((gpu?.weights ?? 0) + (gpu?.experts ?? 0)).toBeGreaterThan(planned.downloadBytes)
  expect((gpu?.weights ?? 0) + (gpu?.experts ?? 0)).toBeLessThan(planned.downloadBytes * 1.01)
})

it('reports which formats of V2-Lite fit 24 GiB, and the context that fits', async () => {
  const { source } = weightlessModel(config('V2-Lite'), 4)
  const planned = await plan(source, { limits: GUARANTEED, memoryBytes: 24 * GIB, quantize: 'auto' })
  expect(planned.choices.map(({ quantize }) => quantize)).toEqual(QUANTIZATIONS)
  expect(planned.choices.map(({ fits }) => fits)).toEqual(
    QUANTIZATIONS.map((quantize) => quantize !== 'none'),
  )
  expect(planned).toMatchObject({ auto: 'fp8', fits: true, gpu: { quantize: 'fp8', contextLength: 8192 } })
  const { bytes, bytesAtStart, contextThatFits = 0 } = planned.gpu ?? {}
  // Here the binding size, not the memory, limits the context: a layer's cache must fit one binding.
  expect(contextThatFits).toBe(Math.floor(GUARANTEED.maxBindingBytes / (576 * 2 * 64)) * 64)
  expect(bytesAtStart?.total).toBeLessThan(bytes?.total ?? 0)
  expect(bytes?.total).toBe(planned.choices.find(({ quantize }) => quantize === 'fp8')?.totalBytes)
  const small = await plan(source, { limits: GUARANTEED, memoryBytes: 12 * GIB, quantize: 'auto' })
  expect(small).toMatchObject({ auto: 'q4', fits: true })
})

const HUGE = ['V3', 'V2', 'Kimi-K2', 'GLM-4.7-Flash'] // like V3, but slower
test.each(Object.keys(PUBLISHED_CONFIGS).filter((name) => !HUGE.includes(name)))('plans %s', async (name) => {
  const { source, spec } = weightlessModel(config(name), 8)
  const planned = await plan(source, { limits: GUARANTEED })
  expect(planned.unsupported).toEqual([])
  expect(planned).toMatchObject({ architecture: spec.family, fits: 'unknown', auto: 'none' })
})

it('names the tensor that exceeds a binding', async () => {
  const { source } = weightlessModel(config('V2-Lite'), 1)
  const planned = await plan(source, { limits: { maxBindingBytes: 2 ** 20 } })
  expect(planned).toMatchObject({ fits: false, choices: [] })
  expect(planned.gpu).toBeUndefined()
  expect(planned.unsupported[0]?.what).toMatch(/a binding of 1048576 bytes/)
})

it('describes the files of an unsupported architecture and names it', async () => {
  const weights = makeSafetensors({ 'model.norm.weight': ['U8', [8], new Uint8Array(8)] })
  const source = openMemory({ 'config.json': '{"model_type":"deepseek_v4"}', 'model.safetensors': weights })
  const planned = await plan(source, { limits: GUARANTEED })
  expect(planned).toMatchObject({
    architecture: 'deepseek_v4',
    bytesByType: { U8: 8 },
    downloadBytes: 8,
    parameters: 8,
    fits: 'unknown',
    choices: [],
  })
  const messages = planned.unsupported.map(({ what }) => what).join('\n')
  expect(messages).toMatch(/deepseek_v4/)
  expect(messages).toMatch(/no tokenizer\.json/)
})
