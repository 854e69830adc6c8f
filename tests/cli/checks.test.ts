// Tests of `hadal checks`: the list of a model's kernels with the result of each check.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { throwIfWrong } from '../../src/cli/checks.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { runCli } from '../support/cli.ts'
import { FIXTURES } from '../support/model.ts'

interface Row {
  readonly kernel: string
  readonly imports: Readonly<Record<string, string>>
  readonly constants: Readonly<Record<string, number>>
  readonly passed: boolean
  readonly error: number
  readonly tolerance: number
}

describeOnAdapters(
  'hadal checks',
  ({ icd }) => {
    it('lists every kernel with the variants and sizes of a GPU, and its error', async () => {
      const model = join(FIXTURES, 'deepseek_v3-fp8-tiny')
      const { code, stdout } = await runCli(['checks', '--model', model, '--quantize', 'q8', '--json'], icd)
      expect(code).toBe(0)
      const report: { variants: object; checks: readonly Row[] } = JSON.parse(stdout)
      expect(report.variants).toMatchObject({ matvec: 'lanes8', matmul: 'workgroup', attention: 'workgroup' })
      const absorb = report.checks.find(({ kernel }) => kernel === 'mla_absorb_q')
      expect(absorb?.constants).toMatchObject({ WORKGROUP: 256 })
      const names = new Set(report.checks.map(({ kernel }) => kernel))
      for (const kernel of ['mla_absorb_q', 'mla_write_expanded', 'sample_token', 'top_logprobs', 'quantize'])
        expect(names).toContain(kernel)
      for (const { passed, error, tolerance } of report.checks) {
        expect(passed).toBe(true)
        expect(error).toBeLessThanOrEqual(tolerance)
      }
    })

    it('takes the shape of a published model, and names those it knows', async () => {
      const [known, unknown] = await Promise.all([
        runCli(['checks', '--like', 'R1-Distill-Qwen-1.5B'], icd),
        runCli(['checks', '--like', 'R2'], icd),
      ])
      expect(known).toMatchObject({ code: 0, stdout: expect.stringMatching(/(\d+) of \1 kernels passed/) })
      expect(known.stdout).toMatch(/passed {2}gqa_write .*reduce/)
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/Unknown model "R2".*V2-Lite/) })
    })
  },
  ADAPTERS.slice(0, 1),
)

describe('wrong kernels', () => {
  it('end the command with their names', () => {
    const row = (kernel: string, passed: boolean) => ({ kernel, passed })
    expect(() =>
      throwIfWrong('Some GPU', [row('route', false), row('embed', true), row('route', false)]),
    ).toThrow('Some GPU miscalculates route.')
    expect(() => throwIfWrong('Some GPU', [row('embed', true)])).not.toThrow()
  })
})
