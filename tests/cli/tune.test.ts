// Tests of hadal tune: stores the winners, uses them in later runs, reports them, and forgets them.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES } from '../support/model.ts'

const MODEL = join(FIXTURES, 'qwen2-bf16')
let cache: string
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'hadal-tuned-'))
})
afterAll(() => rmSync(cache, { recursive: true }))

async function hadal(icd: string, ...argv: string[]): Promise<string> {
  const program = [join(import.meta.dirname, '..', '..', 'tools', 'hadal.mjs'), ...argv]
  const env = { ...process.env, VK_DRIVER_FILES: icd, XDG_CACHE_HOME: cache }
  return (await promisify(execFile)(process.execPath, program, { env })).stdout
}

describeOnAdapters(
  'hadal tune',
  ({ icd }) => {
    const file = () => join(cache, 'hadal', 'tuned.json')
    const stored = (): Record<string, unknown> => JSON.parse(readFileSync(file(), 'utf8'))
    const variantOf = async (decision: string, ...more: string[]) => {
      const { variants } = JSON.parse(await hadal(icd, 'inspect', MODEL, '--json', ...more))
      return variants.find((note: { decision: string }) => note.decision === decision)
    }

    it('stores the winners of this adapter beside those of others, and forgets them', async () => {
      mkdirSync(join(cache, 'hadal'))
      writeFileSync(file(), '{"another adapter":{"matvec":"single"}}')
      const found = JSON.parse(await hadal(icd, 'tune', '--model', MODEL, '--repetitions', '1', '--json'))
      expect(found.rows.map(({ decision }: { decision: string }) => decision)).toEqual([
        'reduce',
        'matvec',
        'matmul',
        'attention',
        'prefillChunk',
      ])
      expect(stored()).toEqual({ 'another adapter': { matvec: 'single' }, [found.key]: found.winners })
      expect(await hadal(icd, 'tune', '--forget')).toBe('forgotten\n')
      expect(stored()).toEqual({ 'another adapter': { matvec: 'single' } })
      expect(await hadal(icd, 'tune', '--forget')).toBe('nothing was stored\n')

      writeFileSync(
        file(),
        JSON.stringify({ [found.key]: { matvec: 'lanes32', matmul: 'odd', prefillChunk: 512 } }),
      )
      const stored32 = { decision: 'matvec', variant: 'lanes32' }
      expect(await variantOf('matvec')).toMatchObject({ ...stored32, why: expect.stringMatching(/measured/) })
      expect((await variantOf('matvec', '--untuned')).variant).not.toBe('lanes32')
      expect((await variantOf('matmul')).variant).toMatch(/broadcast/)
      const tiny = ['--shape', '64x64', '--format', 'q8', '--repetitions', '1', '--round', '64KiB', '--json']
      const timed = async (...more: string[]) =>
        JSON.parse(await hadal(icd, 'bench-kernels', ...tiny, ...more))
      expect(await timed()).toMatchObject({
        tuned: { matvec: 'lanes32', prefillChunk: 512 },
        rows: [{ variant: expect.stringMatching(/row_tiling_lanes.*lanes 32/) }],
      })
      expect(await timed('--untuned')).toMatchObject({
        tuned: {},
        rows: [{ variant: expect.stringMatching(/row_tiling_subgroup/) }],
      })
      expect(await hadal(icd, 'inspect', MODEL)).toMatch(/^prefill chunk +512 tokens/m)
      expect(await hadal(icd, 'inspect', MODEL, '--untuned')).not.toMatch(/^prefill chunk/m)
    })

    it('treats a broken file as empty', async () => {
      writeFileSync(file(), '{"a":')
      expect((await variantOf('matvec')).variant).toMatch(/subgroup/)
      expect(existsSync(file())).toBe(true)
    })
  },
  ADAPTERS.slice(0, 1),
)
