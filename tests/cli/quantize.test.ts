// Tests of weight formats on the command line: --quantize, logit errors, held-out questions, and the commands
// that compare formats.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseArgs, UsageError } from '../../src/cli/args.ts'
import { quantizeOf } from '../../src/cli/format-options.ts'
import { heldOutQuestions } from '../../src/cli/held-out-questions.ts'
import { QUANTIZATIONS } from '../../src/engine/load/quantization.ts'
import { logitError } from '../../src/lib/logit-error.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, LANTERNFISH, readGolden } from '../support/model.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'tools', 'hadal.mjs')

describe('--quantize', () => {
  const parsed = (...argv: string[]) => quantizeOf(parseArgs(argv, { quantize: 'text' }))

  it('takes one format for all weights, or one for each class', () => {
    expect(parsed()).toBe('none')
    expect(parsed('--quantize', 'auto')).toBe('auto')
    expect(parsed('--quantize', 'experts=q4,mlp=q4,attention=q8,embedding=fp8,head=none')).toEqual({
      experts: 'q4',
      mlp: 'q4',
      attention: 'q8',
      embedding: 'fp8',
      head: 'none',
    })
    expect(parsed('--quantize=head=q8')).toEqual({ head: 'q8' })
  })

  it.each([
    ['an unknown format', 'q3', /must be none or fp8/],
    ['an unknown format of a class', 'head=q8,experts=q3', /"experts=q3" must be experts=none\|fp8/],
    ['auto for a class', 'head=auto', /"head=auto" must be/],
    ['two formats of a class', 'mlp=q8=q4', /"mlp=q8=q4" must be mlp=/],
    ['a class without a format', 'head=q8,mlp', /"mlp" must be mlp=/],
    ['an unknown class', 'router=q8', /unknown weight class "router"\. Classes: experts, mlp/],
    ['a property of every object', '__proto__=q8', /unknown weight class "__proto__"/],
    ['an empty class', 'head=q8,', /unknown weight class ""/],
    ['a class twice', 'mlp=q8,mlp=q4', /mlp is given twice/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parsed('--quantize', text)).toThrow(UsageError)
    expect(() => parsed('--quantize', text)).toThrow(message)
  })
})

describe('logitError', () => {
  it('is zero for equal logits, and ignores a constant that softmax ignores', () => {
    const logits = Float32Array.of(1, 2, 3, 0, 0, 5)
    expect(logitError(logits, logits, 3)).toEqual({
      relativeError: 0,
      meanKl: 0,
      top1Agreement: 1,
      positions: 2,
    })
    const shifted = logits.map((logit) => logit + 1)
    expect(logitError(shifted, logits, 3).meanKl).toBeCloseTo(0, 6)
    expect(logitError(shifted, logits, 3).relativeError).toBeCloseTo(Math.sqrt(6 / 39), 6)
  })

  it('is the KL divergence from the expected distribution', () => {
    const error = logitError(Float32Array.of(0, 0), Float32Array.of(Math.log(3), 0), 2)
    expect(error.meanKl).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6)
    expect(logitError(Float32Array.of(0, 1), Float32Array.of(1, 0), 2).top1Agreement).toBe(0)
  })
})

describe('heldOutQuestions', () => {
  it('asks the same questions for the same seed, with the right answers', () => {
    const questions = heldOutQuestions(5, 7)
    expect(heldOutQuestions(5, 7)).toEqual(questions)
    expect(heldOutQuestions(5, 8)).not.toEqual(questions)
    for (const { text, answer } of questions) {
      const [, a, sign, b] = /^What is (\d+) ([-+*]) (\d+)\?$/.exec(text) ?? []
      if (a === undefined) continue
      const values = { '+': Number(a) + Number(b), '-': Number(a) - Number(b), '*': Number(a) * Number(b) }
      expect(answer).toBe(`${a} ${sign} ${b} = ${values[sign as '+']}.`)
    }
    const tasks = new Set(questions.map(({ task }) => task))
    expect([...tasks]).toEqual(
      expect.arrayContaining(['add 4 digits', 'multiply 2x2', 'spell', 'letter count']),
    )
  })
})

describeOnAdapters(
  'commands on weight formats',
  ({ icd }) => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'hadal-formats-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    const hadal = (...argv: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        const env = { ...process.env, VK_DRIVER_FILES: icd }
        execFile(process.execPath, [PROGRAM, ...argv], { env }, (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
        )
      })

    it('quantize-error reports errors of weights and logits as JSON', async () => {
      const model = join(FIXTURES, 'moonlight-bf16-tiny')
      const ids = join(folder, 'ids.json')
      writeFileSync(ids, JSON.stringify(readGolden(model).promptIds.slice(0, 20)))
      const { stdout } = await hadal(
        'quantize-error',
        '--model',
        model,
        '--ids',
        ids,
        '--formats',
        'q8,q4',
        '--json',
      )
      const report = JSON.parse(stdout)
      expect(report.formats.map(({ quantize }: { quantize: string }) => quantize)).toEqual(['q8', 'q4'])
      expect(report.formats[0]).toMatchObject({ positions: 20 })
      expect(report.formats[0].meanKl).toBeLessThan(report.formats[1].meanKl)
      expect(report.formats[1].weightBytes).toBeLessThan(0.5 * report.storedBytes)
      for (const name of ['embedding', 'attention', 'mlp', 'experts', 'head']) {
        expect(report.weights[name].q8, name).toBeGreaterThan(3e-3)
        expect(report.weights[name].q8, name).toBeLessThan(8e-3)
        expect(report.weights[name].q4, name).toBeGreaterThan(6e-2)
        expect(report.weights[name].q4, name).toBeLessThan(1e-1)
      }
    })

    it('evaluate counts correct answers by task and format', async () => {
      const options = ['--items', '1', '--formats', 'q8', '--context', '512', '--json']
      const { stdout } = await hadal('evaluate', '--model', LANTERNFISH, ...options)
      const { items, right } = JSON.parse(stdout)
      expect(items).toBe(1)
      expect(right['add 2 digits']).toEqual({ q8: 1 })
      const all = Object.values<{ q8: number }>(right).reduce((sum, { q8 }) => sum + q8, 0)
      expect(all).toBeGreaterThanOrEqual(7) // of 10
    })

    it('inspect plans each weight class in its own format', async () => {
      const planned = async (...options: string[]) =>
        JSON.parse((await hadal('inspect', LANTERNFISH, '--json', ...options)).stdout).plan.gpu
      const stored = await planned()
      const heads = await planned('--quantize', 'head=q8')
      const mixed = await planned('--quantize', 'experts=q4,head=q8')
      expect(mixed.quantize).toEqual({ experts: 'q4', head: 'q8' })
      expect(heads.bytes.weights).toBeLessThan(stored.bytes.weights)
      expect(heads.bytes.experts).toBe(stored.bytes.experts)
      expect(mixed.bytes.weights).toBe(heads.bytes.weights)
      expect(mixed.bytes.experts).toBeLessThan(stored.bytes.experts)
    })

    it('refuse unknown formats', async () => {
      const { code, stderr } = await hadal('evaluate', '--model', LANTERNFISH, '--formats', 'q5')
      expect(code).toBe(2)
      expect(stderr).toContain(`"q5" is not ${QUANTIZATIONS.join(' or ')}`)
    })
  },
  ADAPTERS.slice(0, 1),
)
