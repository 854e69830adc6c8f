// Tests of `hadal quantize`: the folder it writes, what it refuses, and what is left after a failure.
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeError } from '../../src/cli/disk-space.ts'
import { openPartialFolder } from '../../src/cli/partial-folder.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { CLI_PATH, runCli } from '../support/cli.ts'
import { FIXTURES, LANTERNFISH } from '../support/model.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hadal-quantize-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const BYTES = Uint8Array.of(1, 2, 3)

describe('a partial folder', () => {
  it('names its files at the end, in any order written', async () => {
    const dir = join(folder, 'new', 'whole')
    const files = await openPartialFolder(dir, ['model.safetensors', 'config.json'])
    await files.write('model.safetensors', 3, BYTES)
    await files.write('model.safetensors', 0, BYTES)
    await files.finish('model.safetensors')
    await files.write('config.json', 0, BYTES)
    await files.finish('config.json')
    expect(readdirSync(dir).sort()).toEqual(['config.json.partial', 'model.safetensors.partial'])
    await files.commit()
    expect(readdirSync(dir).sort()).toEqual(['config.json', 'model.safetensors'])
    expect([...readFileSync(join(dir, 'model.safetensors'))]).toEqual([1, 2, 3, 1, 2, 3])
  })

  it('replaces what an interrupted run has left, and leaves nothing when it is discarded', async () => {
    const dir = join(folder, 'interrupted')
    mkdirSync(dir)
    writeFileSync(join(dir, 'model-00003-of-00009.safetensors.partial'), BYTES)
    const files = await openPartialFolder(dir, ['model.safetensors'])
    await files.write('model.safetensors', 0, BYTES)
    await files.discard()
    expect(readdirSync(dir)).toEqual([])
    const fresh = await openPartialFolder(join(folder, 'fresh'), ['config.json'])
    await fresh.write('config.json', 0, BYTES)
    await fresh.discard()
    expect(existsSync(join(folder, 'fresh'))).toBe(false)
  })

  it.each(['notes.txt', 'thesis.partial', 'model.safetensors'])('refuses a folder with %s', async (name) => {
    const dir = mkdtempSync(join(folder, 'taken-'))
    writeFileSync(join(dir, name), BYTES)
    const opened = openPartialFolder(dir, ['model.safetensors'])
    await expect(opened).rejects.toMatchObject({ code: 'bad_request', message: `${dir} is not empty.` })
    expect(readdirSync(dir)).toEqual([name])
  })

  it('refuses a file, and explains a full or forbidden disk', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, BYTES)
    const opened = openPartialFolder(file, [])
    await expect(opened).rejects.toMatchObject({
      code: 'bad_request',
      hint: 'Name a new folder, not a file.',
    })
    const full = writeError('x', Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
    expect([full.code, full.message]).toEqual(['storage_full', 'The disk of x is full.'])
    const readOnly = writeError('x', Object.assign(new Error('read-only file system'), { code: 'EROFS' }))
    expect([readOnly.code, readOnly.hint]).toEqual(['bad_request', 'Name a folder that you may write to.'])
  })
})

describeOnAdapters(
  'hadal quantize',
  ({ icd }) => {
    it('writes a folder that works without the original', async () => {
      const out = join(folder, 'moonlight')
      const model = join(FIXTURES, 'moonlight-bf16-tiny')
      const argv = [
        'quantize',
        '--model',
        model,
        '--quantize',
        'experts=q4,attention=q8',
        '--out',
        out,
        '--json',
      ]
      const { stdout, code } = await runCli(argv, icd)
      expect(code).toBe(0)
      const { forms, files, data_bytes, notices } = JSON.parse(stdout)
      expect(forms.map(({ form }: { form: string }) => form).sort()).toEqual([
        '4 bits, groups of 32, scales BF16',
        '8 bits, groups of 32, scales BF16',
        'BF16',
      ])
      expect([files, notices]).toEqual([1, []])
      expect(readFileSync(join(out, 'model.safetensors')).length).toBe(data_bytes)
      const copied = ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json']
      for (const name of copied)
        expect(readFileSync(join(out, name)), name).toEqual(readFileSync(join(model, name)))
      expect(readdirSync(out).sort()).toEqual(
        [...copied, 'config.json', 'model.safetensors', 'model.safetensors.index.json'].sort(),
      )
      const again = await runCli(argv, icd)
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`${out} is not empty.`)])
    })

    it('refuses FP8, which the layout does not have, and unclear requests', async () => {
      const refused = async (quantize: string) => {
        const out = join(folder, 'refused')
        const result = await runCli(
          ['quantize', '--model', LANTERNFISH, '--quantize', quantize, '--out', out],
          icd,
        )
        expect(existsSync(out)).toBe(false)
        return [result.code, result.stderr] as const
      }
      expect(await refused('head=fp8')).toEqual([1, expect.stringContaining('Use q8')])
      expect(await refused('auto')).toEqual([2, expect.stringContaining('names no format')])
    })

    it('leaves nothing when it is interrupted', async () => {
      const out = join(folder, 'cancelled')
      const ended = new Promise<number | null>((resolve) => {
        const argv = [CLI_PATH, 'quantize', '--model', LANTERNFISH, '--quantize', 'q4', '--out', out]
        const env = { ...process.env, VK_DRIVER_FILES: icd }
        const child = execFile(process.execPath, argv, { env })
        child.on('exit', resolve)
        const watcher = watch(folder, (_, name) => {
          if (name !== 'cancelled' || child.killed) return
          child.kill('SIGINT')
          watcher.close()
        })
      })
      expect(await ended).toBe(1)
      expect(existsSync(out)).toBe(false)
    })
  },
  ADAPTERS.slice(0, 1),
)
