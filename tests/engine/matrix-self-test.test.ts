// Tests that the self-test proves subgroup matrices, and replaces them where they are wrong. The emulating
// module stands in for the hardware's.
import sources from 'virtual:shaders'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { selfTest } from '../../src/engine/check/self-test.ts'
import { estimateQuantization } from '../../src/engine/load/choose-quantization.ts'
import { plannedRecorder } from '../../src/engine/load/footprint.ts'
import { specFromConfig, toLoadTarget } from '../../src/engine/load/plan.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import type { Device } from '../../src/gpu/device.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { MATRIX_SHAPES, type SubgroupMatrices } from '../../src/gpu/subgroup-matrices.ts'
import { PLAIN_VARIANTS } from '../../src/gpu/variants.ts'
import type { MatmulPrecision } from '../../src/kernels/linear.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { tamperedShader } from '../support/tampered-shader.ts'
import { weightlessModel } from '../support/weightless-model.ts'

const EMULATED = {
  ...sources,
  'linear/matrix_unit_majorness_template': '#import linear/matrix_unit_emulated',
}
const WRONG = {
  ...EMULATED,
  ...tamperedShader(
    'linear/matrix_unit_emulated',
    'number % MATRIX_N * SIDE;',
    'number % MATRIX_M * SIDE + 1;',
  ),
}

describeOnAdapters(
  'subgroup matrices',
  (adapter) => {
    let device: Device
    let right: PipelineCache
    let wrong: PipelineCache
    beforeAll(async () => {
      device = await openAdapter(adapter)
      right = new PipelineCache(device, EMULATED)
      wrong = new PipelineCache(device, WRONG)
    })
    afterAll(() => device.destroy())

    /** Checks one matrix product of prefill with matrices of one type of factors. */
    async function check(factors: 'f32' | 'f16', matmulPrecision: MatmulPrecision, pipelines: PipelineCache) {
      const subgroupMatrices: SubgroupMatrices = {
        shapes: MATRIX_SHAPES.filter((shape) => shape.factors === factors).slice(0, 1),
        extension: 'chromium',
        majorness: 'template',
        variableSubgroups: false,
      }
      const matmul = factors === 'f32' ? 'subgroupMatrix' : 'workgroup'
      const variants = { ...PLAIN_VARIANTS, matmul, f16Tiles: 'subgroupMatrix' } as const
      const capabilities = { ...device.capabilities, subgroupMatrices, variants }
      const { source } = weightlessModel({ ...PUBLISHED_CONFIGS['V2-Lite'], num_hidden_layers: 1 }, 1)
      const checkpoint = await openConfigured(source, {})
      const target = toLoadTarget(specFromConfig(checkpoint), checkpoint, capabilities, {
        matmulPrecision,
      })
      const { plan } = estimateQuantization(target, 'q8')
      const record = plannedRecorder(target.spec, plan, capabilities, target.options)
      return selfTest({ ...device, capabilities }, pipelines, (chosen) =>
        record(chosen).filter(({ kernel, imports }) => {
          return kernel.name === 'linear_prefill' && imports.weights === 'weights/q8'
        }),
      )
    }

    it.each([
      ['f32', 'f32', 'matmul'],
      ['f32', 'f16', 'f16Tiles'],
      ['f16', 'f16', 'f16Tiles'],
    ] as const)(
      'of %s at precision %s: right ones stay, wrong ones go',
      async (factors, precision, decision) => {
        const kept = await check(factors, precision, right)
        expect(kept.failed).toEqual([])
        expect(kept.variants[decision]).toBe('subgroupMatrix')
        const replaced = await check(factors, precision, wrong)
        expect(replaced.failed).toEqual([{ decision, variant: 'subgroupMatrix', kernel: 'linear_prefill' }])
        expect(replaced.variants[decision]).toBe(PLAIN_VARIANTS[decision])
      },
    )
  },
  ADAPTERS.slice(0, 1),
)
