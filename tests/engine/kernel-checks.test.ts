// Tests of the checks of single kernels: each kernel has one, and fails it when its shader is wrong.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import { distinctKernels } from '../../src/cli/checks.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { DRAW } from '../../src/engine/check/check-sampling.ts'
import { checkBuildersOf } from '../../src/engine/check/checked-kernels.ts'
import { weightFormatOf } from '../../src/engine/check/random-weights.ts'
import { passed, runChecks } from '../../src/engine/check/run-checks.ts'
import { specFromConfig, toLoadTarget } from '../../src/engine/load/plan.ts'
import { QUANTIZATIONS, type QuantizeChoice } from '../../src/engine/load/quantization.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import type { ModelOptions } from '../../src/engine/types.ts'
import { FORMATS, type ScaleBlock } from '../../src/gpu/formats.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { type Capabilities, GUARANTEED } from '../../src/gpu/limits.ts'
import { blockConstants, layoutMatrix } from '../../src/gpu/matrix.ts'
import { kernels } from '../../src/kernels/index.ts'
import type { Dispatch } from '../../src/program/graph.ts'
import { uniform_number } from '../../src/reference/sample.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { FIXTURES } from '../support/model.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

interface Choices {
  readonly quantize?: QuantizeChoice
  readonly capabilities?: Capabilities
  readonly options?: ModelOptions
}

/** Every distinct kernel of a fixture, in all its cache layouts, with the variants of these capabilities. */
async function kernelsOf(
  fixture: string,
  { quantize = 'none', capabilities = GUARANTEED, options = {} }: Choices = {},
): Promise<readonly Dispatch[]> {
  const checkpoint = await openConfigured(await openFolder(join(FIXTURES, fixture)), {})
  const withDrafts = { speculative: 'auto', ...options } as const
  const target = toLoadTarget(specFromConfig(checkpoint), checkpoint, capabilities, withDrafts)
  return distinctKernels(target, quantize)
}

const FIXTURE_NAMES = readdirSync(FIXTURES)
const MODEL_KERNELS = kernels.map(({ path }) => path).filter((path) => !path.startsWith('bench/'))

describe('the checks', () => {
  it('exist for every kernel that a model of any family runs in any format, and for no fewer', async () => {
    const run = new Set<string>()
    for (const fixture of FIXTURE_NAMES)
      for (const quantize of QUANTIZATIONS)
        for (const dispatch of await kernelsOf(fixture, { quantize })) {
          expect((await checkBuildersOf(dispatch)).length).toBeGreaterThan(0)
          run.add(dispatch.kernel.path)
        }
    expect([...run].sort()).toEqual([...MODEL_KERNELS].sort())
  })

  it('refuse a kernel that has none', async () => {
    const kernel = kernels.find(({ path }) => path.startsWith('bench/'))
    if (!kernel) throw new Error('There is no benchmark kernel.')
    await expect(
      checkBuildersOf({
        kernel,
        constants: {},
        imports: {},
        operands: {},
        grid: [1],
        loop: 0,
        work: () => 1,
      }),
    ).rejects.toThrow(/a check of/)
  })

  it('know the number that sample_token draws', () => {
    expect(uniform_number(DRAW.seed, DRAW.draw)).toBe(DRAW.uniform)
  })
})

/** A dispatch over weights, rewritten for a format with scales and offsets; none of other dispatches. */
function withOffsets(dispatch: Dispatch, format: 'a4' | 'a8', block: ScaleBlock): readonly Dispatch[] {
  const { weights = '' } = dispatch.imports
  const stored = weightFormatOf(dispatch)
  if (!stored) return []
  const constants: Record<string, number> = { ...dispatch.constants, ...blockConstants({ block }) }
  for (const prefix of ['', 'SHARED_']) {
    const stride = dispatch.constants[`${prefix}STRIDE`]
    if (stride === undefined) continue
    const layout = layoutMatrix(format, [1], (128 * stride) / FORMATS[stored].bits, block)
    constants[`${prefix}STRIDE`] = layout.stride
    constants[`${prefix}SCALE_STRIDE`] = layout.scaleStride
  }
  const [suffix = '', decoder = ''] = /_(int8|mantissa|unorm)$/.exec(weights) ?? []
  const exists = decoder === 'int8' || decoder in (FORMATS[format].decoders ?? {})
  const name = `weights/${format}${exists ? suffix : ''}`
  return [{ ...dispatch, constants, imports: { ...dispatch.imports, weights: name } }]
}

/** For each kernel one wrong operation. */
const WRONG: Readonly<Record<string, readonly [search: string, replacement: string]>> = {
  'activation/swiglu': ['silu(x[row + at.x])', 'x[row + at.x]'],
  'attention/gqa_combine': ['combine_pair(at, count, pair)', 'combine_pair(at, count - 1, pair)'],
  'attention/gqa_decode': ['row_position(id.z) + 1', 'row_position(id.z)'],
  'attention/gqa_prefill': ['head / GROUP, quad); }', '0, quad); }'],
  'attention/gqa_write': ['(HEADS + index) * KEY);', 'index * KEY);'],
  'attention/mla_absorb_q': ['absorb_query(group.y, group.x, lane)', 'absorb_query(group.y, 0, lane)'],
  'attention/mla_combine_splits': ['NOPE + i / LANES', 'i / LANES'],
  'attention/mla_decode': ['row_position(group.z) + 1', 'row_position(group.z)'],
  'attention/mla_expand_kv': ['2 * quad, LATENT / 2)', '2 * quad, LATENT / 2 - 1)'],
  'attention/mla_prefill': ['step.position + row0 + TILE', 'step.position + row0'],
  'attention/mla_write': ['write_kv_entry(group.x, lane)', 'write_kv_entry(group.x / 2, lane)'],
  'attention/mla_write_expanded': ['head, NOPE + 2 * pair)', 'head, 2 * pair)'],
  'attention/rope_query': ['query[at.y] = rotated.y', 'query[at.y] = rotated.x'],
  'embed/embed': ['ids[at.y] - FIRST', 'ids[at.y] - FIRST + 1'],
  'linear/linear_decode': ['if ACCUMULATE { y[at] += sum; }', 'if ACCUMULATE { y[at] = sum; }'],
  'linear/linear_prefill': ['tile_value(i)[j]', 'tile_value(i)[j % 3]'],
  'moe/combine_experts': ['(step.tokens * TOP_K + token)', '(step.tokens * TOP_K)'],
  'moe/expert_down_decode': ['weight = bitcast<f32>(', 'weight = 2 * bitcast<f32>('],
  'moe/expert_down_prefill': ['min(row, end - 1)', '(end - 1)'],
  'moe/expert_up_decode': ['silu(gate) * up', 'gate * up'],
  'moe/expert_up_prefill': ['silu(value.y) * value.w', 'silu(value.y) * value.z'],
  'moe/group_tokens': ['min(rows - TILE_ROWS * i, TILE_ROWS)', 'TILE_ROWS'],
  'moe/route': ['scores[chosen[i]] * factor', 'scores[chosen[0]] * factor'],
  'moe/route_logits': ['= scale * sum', '= sum'],
  'norm/rms_norm': ['* scale * weight[i]', '* scale'],
  'norm/rms_norm_pair': ['+ group.x * HIDDEN', ''],
  'quantize/quantize': ['let at = batch.first + row', 'let at = batch.first + row / 2'],
  'sample/adjust_logits': ['step.presence + step.frequency', 'step.frequency'],
  'sample/sample_token': ['counts[id] += 1', 'counts[id] += 2'],
  'sample/top_logprobs': ['= best + log(', '= log('],
}

/** Wrong operations of modules that a sampling setting or a part of a kernel alone depends on. */
const WRONG_PARTS: readonly (readonly [
  kernel: string,
  module: string,
  search: string,
  replacement: string,
])[] = [
  ['adjust_logits', 'sample/adjust_logits', '1u << (id % 32)', '1u << (id % 31)'],
  ['sample_token', 'sample/sample_token', 'weight < step.min_p', 'weight < 0'],
  ['sample_token', 'sample/sample_token', 'max(step.top_p, 0.0)', '1.0'],
  ['sample_token', 'sample/sample_token', 'step.top_k == 0 ||', ''],
  ['sample_token', 'sample/sample_token', '>> 8) / 16777216.0', '>> 8) / 33554432.0'],
  ['sample_token', 'sample/sample_token', 'own.x == rank)', 'own.x != rank)'],
  ['route', 'moe/route', 'rank >= TOP_GROUPS', 'rank > TOP_GROUPS'],
  ['expert_up_decode', 'moe/expert_slots', '- FIRST_BANK', '* 0'],
  ['mla_absorb_q', 'attention/write_kv_entry', '* scale * vec2', '* vec2'],
  ['gqa_write', 'attention/gqa_write', 'return query_norm[column]', 'return key_norm[column]'],
  ['rms_norm', 'norm/rms_norm', 'step.tokens - 1, LAST', '0, LAST'],
]

describeOnAdapters(
  'the checks',
  (adapter) => {
    const device = openAdapter(adapter)
    const run = async (dispatches: readonly Dispatch[], shaders: Record<string, string> = {}) => {
      const opened = await device
      const pipelines = new PipelineCache(opened, { ...sources, ...shaders })
      const results = await runChecks({ device: opened, pipelines }, dispatches)
      expect(results.size).toBe(dispatches.length)
      return [...results.values()]
    }
    /** Dispatches of a kernel in the fixtures that have it. */
    const dispatchesOf = async (name: string) => {
      const all = [
        ...(await kernelsOf('deepseek_v3-fp8-tiny', { quantize: 'q8' })),
        ...(await kernelsOf('qwen2-bf16')),
        ...(await kernelsOf('qwen3-fp8')),
      ]
      const found = all.filter(({ kernel }) => kernel.name === name)
      expect(found.length).toBeGreaterThan(0)
      return found
    }

    it('have a wrong operation for every kernel to find', () => {
      expect(Object.keys(WRONG).sort()).toEqual([...MODEL_KERNELS].sort())
    })

    it.each(Object.entries(WRONG))('find a wrong operation in %s', async (path, [search, replacement]) => {
      const dispatches = await dispatchesOf(path.slice(path.indexOf('/') + 1))
      const results = await run(dispatches, tamperedShader(path, search, replacement))
      expect(results.map((result) => 'output' in result)).not.toContain(false) // it compiles
      expect(results.some((result) => !passed(result))).toBe(true)
    })

    it.each(WRONG_PARTS)('find in %s a wrong operation of %s: %s', async (name, module, search, put) => {
      const results = await run(await dispatchesOf(name), tamperedShader(module, search, put))
      expect(results.map((result) => 'output' in result)).not.toContain(false)
      expect(results.some((result) => !passed(result))).toBe(true)
    })

    it.each([
      ['f16', 'q8'],
      ['i8', 'q4'],
    ] as const)('pass with factors in %s', async (matmulPrecision, quantize) => {
      const { capabilities } = await device
      const dispatches = await kernelsOf('deepseek_v3-fp8-tiny', {
        quantize,
        capabilities,
        options: { matmulPrecision },
      })
      expect((await run(dispatches)).every(passed)).toBe(true)
    })

    it.each([
      ['a8', 'f16', 'F16', 64],
      ['a4', 'i8', 'F32', 32],
    ] as const)('pass for %s with factors in %s, %s offsets of %i columns', async (...of) => {
      const [format, matmulPrecision, dtype, cols] = of
      const { capabilities } = await device
      const options = { matmulPrecision }
      const all = await kernelsOf('deepseek_v3-f16-awkward', { quantize: 'q8', capabilities, options })
      const dispatches = all.flatMap((dispatch) => withOffsets(dispatch, format, { rows: 1, cols, dtype }))
      expect(new Set(dispatches.map(({ kernel }) => kernel.name)).size).toBeGreaterThan(9)
      const results = await run(dispatches)
      const failed = dispatches.filter((_, i) => !results.slice(i, i + 1).every(passed))
      expect(failed.map(({ kernel, imports }) => [kernel.name, imports])).toEqual([])
    })

    it('find a wrong offset', async () => {
      const all = await kernelsOf('deepseek_v3-f16-awkward', { quantize: 'q8' })
      const some = all.filter(({ kernel }) =>
        ['embed', 'linear_decode', 'route_logits'].includes(kernel.name),
      )
      const dispatches = some.flatMap((dispatch) =>
        withOffsets(dispatch, 'a8', { rows: 1, cols: 64, dtype: 'F16' }),
      )
      expect(dispatches.length).toBeGreaterThan(2)
      const wrong = await run(dispatches, tamperedShader('shared/affine_scale', '_SCALE, 1)', '_SCALE, .99)'))
      expect(wrong.some(passed)).toBe(false)
    })
  },
  ADAPTERS.slice(0, 1),
)
