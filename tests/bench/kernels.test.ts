// Tests of the kernel benchmark on every adapter: checks of all cases and ceilings, rows, and freed buffers.
import sources from 'virtual:shaders'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { benchKernels, caseSettings, checkCase, type KernelRow } from '../../src/bench/kernels/bench.ts'
import { BenchBuffers } from '../../src/bench/kernels/buffers.ts'
import type { CaseMaker } from '../../src/bench/kernels/case.ts'
import { ALL_CASES } from '../../src/bench/kernels/cases.ts'
import { matmulCeilings } from '../../src/bench/kernels/matmul-ceiling.ts'
import type { Device } from '../../src/gpu/device.ts'
import type { StorageFormat } from '../../src/gpu/formats.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { supportedPrecision } from '../../src/kernels/linear.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { ADAPTER_KINDS, ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { SMALL_CASES } from '../support/bench-sizes.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

const makerOf = (kernel: string): CaseMaker =>
  expectDefined(
    ALL_CASES.find((maker) => maker.kernel === kernel),
    kernel,
  )

const formatsOf = ({ weightFormat }: CaseMaker): readonly StorageFormat[] => {
  if (weightFormat === 'any') return ['fp8_block', 'q4']
  return [weightFormat === 'none' ? 'f32' : weightFormat]
}

describeOnAdapters(
  'benchmark cases',
  (adapter) => {
    let device: Device
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    afterAll(() => device.destroy())

    const benchOf = (shaders = sources) => ({
      device,
      pipelines: new PipelineCache(device, shaders),
      clock: undefined,
    })

    for (const maker of ALL_CASES) {
      it(`${maker.kernel}, ${maker.role}: results are right in every format`, async () => {
        const bench = benchOf()
        const buffers = new BenchBuffers(device)
        for (const format of formatsOf(maker)) {
          const { kernelCase, error, tolerance } = await checkCase(
            bench,
            maker,
            caseSettings(buffers, maker, format, SMALL_CASES),
          )
          expect(error).toBeLessThanOrEqual(tolerance)
          expect(kernelCase.dispatches.length, 'dispatches of a round').toBeGreaterThanOrEqual(
            kernelCase.runs,
          )
          const { weightBytes, plainBytes } = kernelCase.cost
          expect(weightBytes > 0).toBe(maker.weightFormat !== 'none')
          expect(weightBytes + plainBytes).toBeGreaterThan(0)
        }
        buffers.free()
      })
    }

    for (const kernel of ['linear_prefill', 'expert_up_prefill', 'expert_down_prefill', 'mla_expand_kv']) {
      it(`${kernel}: results are right with rounded inputs`, async () => {
        const bench = benchOf()
        const buffers = new BenchBuffers(device)
        const maker = makerOf(kernel)
        for (const matmulPrecision of ['f16', 'i8'] as const) {
          const settings = caseSettings(buffers, maker, 'q4', { ...SMALL_CASES, matmulPrecision })
          const { error, tolerance } = await checkCase(bench, maker, settings)
          expect(tolerance > 1e-4).toBe(
            supportedPrecision(matmulPrecision, device.capabilities) === matmulPrecision,
          )
          expect(error).toBeLessThanOrEqual(tolerance)
        }
        buffers.free()
      })
    }

    it.each([
      ['rms_norm', 'norm/rms_norm', 'x[source + i] * scale', '1.001 * x[source + i] * scale'],
      ['mla_decode', 'shared/pages', 'pages[position / PAGE] * PAGE + position % PAGE', 'position'],
      ['mla_expand_kv', 'attention/mla_expand_kv', '= tile_value(i)[j]', '= 1.001 * tile_value(i)[j]'],
      ['expert_down_prefill', 'moe/expert_down_prefill', 'min(row, end - 1)', 'min(row, end - 2)'],
      ['sample_token', 'sample/sample_token', 'result[0] = ', 'result[0] = 1 + '],
    ])('detects a wrong %s', async (kernel, path, right, wrong) => {
      const bench = benchOf({ ...sources, ...tamperedShader(path, right, wrong) })
      const buffers = new BenchBuffers(device)
      const maker = makerOf(kernel)
      await expect(
        checkCase(bench, maker, caseSettings(buffers, maker, 'q4', SMALL_CASES)),
      ).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(new RegExp(`^${kernel} .*miscalculates`)),
      })
      buffers.free()
    })

    it.each([
      ['minimal loops', 'bench/matmul_ceiling', 'low += w', 'low += 1.001 * w'],
      ['minimal loops that write nothing', 'bench/matmul_ceiling', 'store(first, out, low);', ''],
      ["the engine's own tile", 'linear/linear_prefill', '= tile_value(', '= 1.001 * tile_value('],
    ])('the matmul ceiling includes %s, and checks them', async (_, path, right, wrong) => {
      const bench = benchOf({ ...sources, ...tamperedShader(path, right, wrong) })
      const buffers = new BenchBuffers(device)
      const options = { shapes: SMALL_CASES.widths.matmulShapes, matmulPrecision: 'f32' } as const
      await expect(matmulCeilings(buffers, bench, ['q4'], options)).rejects.toThrow(
        /^The ceiling .*miscalculates/,
      )
      buffers.free()
    })
  },
  ADAPTER_KINDS,
)

describeOnAdapters(
  'kernel benchmark',
  (adapter) => {
    let device: Device
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    afterAll(() => device.destroy())

    const bench = (shaders = sources) => ({
      device,
      pipelines: new PipelineCache(device, shaders),
      clock: undefined,
    })

    it('is right with several rows per decode step', async () => {
      for (const maker of ALL_CASES.filter(({ mode }) => mode === 'decode')) {
        const buffers = new BenchBuffers(device)
        const [format = 'f32'] = formatsOf(maker)
        await checkCase(bench(), maker, caseSettings(buffers, maker, format, { ...SMALL_CASES, tokens: 3 }))
        buffers.free()
      }
    })

    it('stops at a kernel that miscalculates', async () => {
      const wrong = bench({
        ...sources,
        ...tamperedShader('norm/rms_norm', 'x[source + i] * scale', '1.001 * x[source + i] * scale'),
      })
      const makers = ALL_CASES.filter(({ kernel }) => kernel === 'rms_norm' || kernel === 'swiglu')
      const options = { ...SMALL_CASES, formats: [], repetitions: 1 }
      const rows: KernelRow[] = []
      const run = benchKernels(wrong, makers, options, (row) => rows.push(row))
      await expect(run).rejects.toThrow(/^rms_norm .*miscalculates/)
      expect(rows).toEqual([])
    })

    it('reports a row for each kernel and format, and frees all buffers', async () => {
      const buffers = device.arena.count
      const expected = ['linear_decode', 'mla_combine_splits', 'mla_decode', 'linear_prefill', 'route_logits']
      const makers = expected.flatMap((name) => ALL_CASES.filter(({ kernel }) => kernel === name).slice(0, 1))
      const rows: KernelRow[] = []
      const options = { ...SMALL_CASES, formats: ['bf16', 'q8'] as const, repetitions: 1 }
      await benchKernels(bench(), makers, options, (row) => rows.push(row))
      expect(rows.map(({ kernel, format }) => `${kernel} ${format}`)).toEqual([
        ...['linear_decode', 'mla_combine_splits', 'linear_prefill', 'route_logits'].map(
          (name) => `${name} bf16`,
        ),
        ...['linear_decode', 'mla_combine_splits', 'linear_prefill'].map((name) => `${name} q8`),
        'mla_decode none',
      ])
      for (const { fractionOfCeiling, time, ceiling } of rows)
        expect(fractionOfCeiling).toBeCloseTo(ceiling.ms / time.ms)
      expect(device.arena.count).toBe(buffers)
    })
  },
  ADAPTERS.slice(0, 1),
)
