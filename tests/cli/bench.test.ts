// Tests of the benchmark commands: tables and JSON of what they measure, on tiny shapes.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { runCli } from '../support/cli.ts'
import { FIXTURES } from '../support/model.ts'

describeOnAdapters(
  'benchmarks',
  (adapter) => {
    const fixture = join(FIXTURES, 'deepseek_v3-fp8-tiny')

    it('reports measured caches as rows of JSON', async () => {
      const caches = ['--contexts', '128', '--cache', 'latent,standard', '--steps', '1', '--kv', 'f32']
      const { code, stdout, stderr } = await runCli(
        ['bench', '--model', fixture, ...caches, '--json'],
        adapter.icd,
      )
      expect(code, stderr).toBe(0)
      const result = JSON.parse(stdout)
      expect(result).toMatchObject({ format: 'hadal-bench', complete: true, settings: { steps: 1 } })
      const [latent, standard] = result.rows
      expect([latent.cache, standard.cache]).toEqual(['latent', 'standard'])
      for (const row of [latent, standard]) expect(row.bytes).toBe(row.formulaBytes)
      const wrong = await runCli(['bench', '--model', fixture, '--cache', 'expanded'], adapter.icd)
      expect(wrong).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--cache: "expanded" is not one of/),
      })
    })

    it('reports kernel times as a table and as rows of JSON', async () => {
      const tiny = ['bench-kernels', '--shape', '64x96', '--format', 'q8,bf16', '--repetitions', '1']
      const options = [...tiny, '--round', '64KiB', '--untuned']
      const { code, stdout, stderr } = await runCli([...options, '--json'], adapter.icd)
      expect(code, stderr).toBe(0)
      const { rows, tuned, ...report } = JSON.parse(stdout)
      expect([report.adapter, report.options.roundBytes, tuned]).toEqual([
        expect.stringContaining('llvmpipe'),
        1 << 16,
        {},
      ])
      expect(rows.map(({ format }: { format: string }) => format)).toEqual(['q8', 'bf16'])
      for (const row of rows) {
        expect(row).toMatchObject({
          kernel: 'linear_decode',
          shape: '1 × 96 → 64',
          variant: expect.any(String),
        })
        const { error, tolerance, time, bytes, gbPerSecond, gflopPerSecond, ceiling, fractionOfCeiling } = row
        expect(error).toBeLessThanOrEqual(tolerance)
        expect(gbPerSecond).toBeCloseTo(bytes / time.ms / 1e6)
        expect(gflopPerSecond).toBeCloseTo((2 * 96 * 64) / time.ms / 1e6)
        expect(fractionOfCeiling).toBeCloseTo(ceiling.ms / time.ms)
        expect(ceiling).toMatchObject({ kind: 'bytes', loop: expect.any(String) })
        expect(ceiling.readGbPerSecond).toBeGreaterThan(0)
      }
      const table = (await runCli(options, adapter.icd)).stdout
      expect(table).toMatch(/llvmpipe.*; nothing tuned; .*at least 64 KiB/)
      expect(table).toMatch(/format +kernel, role +shape +µs +± half +GB\/s +GFLOP\/s +fraction/)
      expect(table).toMatch(/^q8 +linear_decode, given +1 × 96 → 64 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+/m)
    })

    it('times a model after checking it', async () => {
      const args = [
        'bench',
        '--speed',
        '--model',
        fixture,
        '--context',
        '128',
        '--prefill-chunk',
        '16',
        '--untuned',
      ]
      const small = ['--position', '40', '--steps', '1', '--prefill-tokens', '20', '--repetitions', '1']
      const { code, stdout, stderr } = await runCli(
        [...args, ...small, '--round', '1MiB', '--json'],
        adapter.icd,
      )
      expect(code, stderr).toBe(0)
      const { model, tuned, check, decode, prefill, firstToken, allocations } = JSON.parse(stdout)
      expect([model.prefillChunk, tuned]).toEqual([16, {}])
      expect(check.positions).toHaveLength(5)
      for (const { error } of check.positions) expect(error).toBeLessThan(check.tolerance)
      expect(decode.fractionOfCeiling).toBeCloseTo(decode.ceilingMs / decode.token.ms)
      expect(decode.gbPerSecond).toBeCloseTo(decode.bytes / decode.token.ms / 1e6)
      expect(prefill.fractionOfCeiling).toBeCloseTo(prefill.gflopPerSecond / prefill.ceiling.gflopPerSecond)
      expect(firstToken.ms).toBeGreaterThan(0)
      expect(allocations.objectsPerToken).toBe(0)
    })
  },
  ADAPTERS.slice(0, 1),
)
