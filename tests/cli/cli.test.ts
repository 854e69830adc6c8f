// Answers: does the command line keep its contract? The real program, its files, its output and its exit codes.
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { relativeError } from '../../src/lib/relative-error.ts'
import { parseHeader } from '../../src/weights/safetensors.ts'
import { adapters, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, LANTERNFISH, readGolden } from '../support/model.ts'
import { startFileServer } from '../weights/file-server.ts'
import { model, startHub } from '../weights/hub-server.ts'

const root = join(import.meta.dirname, '..', '..')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hadal-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function hadal(argv: readonly string[], icd = '', more: Record<string, string> = {}): Promise<Ended> {
  const env = { ...process.env, ...(icd === '' ? {} : { VK_DRIVER_FILES: icd }), ...more }
  return new Promise((resolve) => {
    const program = [join(root, 'tools', 'hadal.mjs'), ...argv]
    execFile(process.execPath, program, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

describe('usage', () => {
  const wrong: [string, string[], RegExp][] = [
    ['no command', [], /No command/],
    ['an unknown command', ['chat'], /no command "chat"/],
    ['an unknown option', ['generate', '--modle', 'x'], /--modle/],
    ['a missing value', ['logits', '--model'], /--model needs a value/],
    ['a missing option', ['logits', '--ids', 'x.json', '--out', 'y'], /--model is missing/],
    [
      'an odd number',
      ['generate', '--model', 'x', '--prompt', 'y', '--max-tokens', 'many'],
      /--max-tokens needs a number/,
    ],
    [
      'an odd word',
      ['logits', '--model', 'x', '--ids', 'y', '--out', 'z', '--mode', 'fast'],
      /--mode must be/,
    ],
    ['an odd format', ['inspect', 'x', '--quantize', 'q3'], /--quantize must be none or fp8/],
    ['an odd class', ['inspect', 'x', '--quantize', 'router=q8'], /"router" is no class of weights/],
    ['an odd size', ['inspect', 'x', '--memory', 'much'], /--memory must be a size such as/],
    [
      'an option of the other benchmark',
      ['bench', '--speed', '--model', 'x', '--contexts', '9'],
      /--contexts/,
    ],
    ['a round of tuning, which has its own', ['tune', '--round', '1MiB'], /--round/],
    ['two prompts', ['generate', '--model', 'x', '--prompt', 'a', '--ids', 'b'], /exactly one/],
  ]
  for (const [what, argv, message] of wrong) {
    it(`exits with 2 for ${what}`, async () => {
      const { code, stdout, stderr } = await hadal(argv)
      expect(stderr).toMatch(message)
      expect(stderr).toContain('Usage:')
      expect([code, stdout]).toEqual([2, ''])
    })
  }
})

const filesOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]))

describe('inspect', () => {
  const nowhere = '/nonexistent.json'

  it('describes a model without a GPU, and says what nobody knows', async () => {
    const { code, stdout } = await hadal(['inspect', LANTERNFISH, '--tensors'], nowhere)
    expect(code).toBe(0)
    expect(stdout).toContain('1152 bytes a token; standard attention: 5120')
    expect(stdout).toContain('model.layers.1.mlp.experts.15.down_proj.weight  F8_E4M3 [256, 128]')
    expect(stdout).toMatch(/^verdict +may fit: say how much memory/m)
  })

  it('prints JSON', async () => {
    const { stdout } = await hadal(['inspect', LANTERNFISH, '--json'], nowhere)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ kv_bytes_per_token: 1152, standard_kv_bytes_per_token: 5120 })
    expect(report.drafts_left_on_disk).toBeGreaterThan(0)
    const { total, ...purposes } = report.gpu_bytes
    expect(total).toBe(Object.values<number>(purposes).reduce((sum, bytes) => sum + bytes, 0))
    expect(report.plan).toMatchObject({ architecture: 'deepseek_v3', fits: 'unknown', unsupported: [] })
  })

  it('plans for the memory, the context and the formats that it is told', async () => {
    const options = ['--memory', '12.5MB', '--context', '1000', '--quantize', 'auto']
    const { stdout } = await hadal(['inspect', LANTERNFISH, '--json', ...options], nowhere)
    const { plan } = JSON.parse(stdout)
    expect(plan).toMatchObject({ fits: true, auto: 'q4', gpu: { quantize: 'q4', contextLength: 1000 } })
    expect(plan.choices[0]).toMatchObject({ quantize: 'none', fits: false })
    const tight = await hadal(['inspect', LANTERNFISH, '--memory', '1MiB'], nowhere)
    expect(tight.stdout).toMatch(/^as none +\S+ MiB, does not fit$/m)
    expect(tight.stdout).toMatch(/^verdict +does not fit$/m)
  })

  it('plans a folder on a host, reading little of it', async () => {
    const server = await startFileServer(filesOf(LANTERNFISH))
    const { code, stdout } = await hadal(['inspect', `${server.url}`, '--json'], nowhere)
    await server.close()
    expect(code).toBe(0)
    expect(JSON.parse(stdout).plan.architecture).toBe('deepseek_v3')
    expect(server.log.filter((line) => /GET .*\.safetensors/.test(line))).toEqual([
      'GET /model.safetensors bytes=0-131071',
    ])
  })

  it('plans a model of the Hub that the environment names, with its token', async () => {
    const hub = await startHub(filesOf(LANTERNFISH))
    hub.token = 'hf_secret'
    const env = { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' }
    const found = await hadal(['inspect', `hf:${model}`, '--json'], nowhere, env)
    const refused = await hadal(['inspect', `hf:${model}`], nowhere, { HF_ENDPOINT: hub.url, HF_TOKEN: '' })
    await hub.close()
    expect(found.code).toBe(0)
    expect(JSON.parse(found.stdout).plan).toMatchObject({ architecture: 'deepseek_v3', unsupported: [] })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(model)
    expect(found.stdout + refused.stderr).not.toContain('hf_secret')
  })

  it('says all it can of what is not run, and exits with 1', async () => {
    const path = join(folder, 'not-yet')
    const config = JSON.parse(readFileSync(join(LANTERNFISH, 'config.json'), 'utf8'))
    cpSync(LANTERNFISH, path, { recursive: true })
    for (const [change, message] of [
      [{ model_type: 'deepseek_v4' }, /^hadal: .*deepseek_v4 is recognised but not run yet/m],
      [{ 'x\u001b[2J': 1 }, /^hadal: config\.json: "x\\u001b\[2J" is 1/m],
    ] as const) {
      writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, ...change }))
      const { code, stdout, stderr } = await hadal(['inspect', path], nowhere)
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
      expect(stdout).toMatch(/^not run +config\.json/m)
      expect(stdout).not.toContain('\u001b')
    }
  })

  it('exits with 1 and names what is wrong: folder, config, file and tensor', async () => {
    const copy = (name: string, damage: (path: string) => void) => {
      const path = join(folder, name)
      cpSync(LANTERNFISH, path, { recursive: true })
      damage(path)
      return path
    }
    const cases: [string, RegExp][] = [
      [join(folder, 'nowhere'), /nowhere/],
      [copy('no-config', (path) => rmSync(join(path, 'config.json'))), /config\.json/],
      [
        copy('bad-config', (path) => writeFileSync(join(path, 'config.json'), '{"model_type":')),
        /config\.json/,
      ],
      [
        copy('cut', (path) => {
          const file = join(path, 'model.safetensors')
          truncateSync(file, statSync(file).size - 1000)
        }),
        /model\.safetensors.*model\./,
      ],
    ]
    for (const [path, message] of cases) {
      const { code, stderr } = await hadal(['inspect', path])
      expect(stderr).toMatch(message)
      expect(code).toBe(1)
    }
  })
})

describeOnAdapters(
  'with a GPU',
  (adapter) => {
    const fixture = join(FIXTURES, 'deepseek_v3-fp8-tiny')

    it('measures caches as rows of JSON', async () => {
      const caches = ['--contexts', '128', '--cache', 'latent,standard', '--steps', '1', '--kv', 'f32']
      const { code, stdout, stderr } = await hadal(
        ['bench', '--model', fixture, ...caches, '--json'],
        adapter.icd,
      )
      expect(code, stderr).toBe(0)
      const result = JSON.parse(stdout)
      expect(result).toMatchObject({ format: 'hadal-bench', complete: true, settings: { steps: 1 } })
      const [latent, standard] = result.rows
      expect([latent.cache, standard.cache]).toEqual(['latent', 'standard'])
      for (const row of [latent, standard]) expect(row.bytes).toBe(row.formulaBytes)
      const wrong = await hadal(['bench', '--model', fixture, '--cache', 'expanded'], adapter.icd)
      expect(wrong).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--cache: "expanded" is none of/),
      })
    })

    it('times kernels as a table and as rows of JSON', async () => {
      const tiny = ['bench-kernels', '--shape', '64x96', '--format', 'q8,bf16', '--repetitions', '1']
      const options = [...tiny, '--round', '64KiB', '--untuned']
      const { code, stdout, stderr } = await hadal([...options, '--json'], adapter.icd)
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
        const { error, tolerance, time, bytes, gbPerSecond, gflopPerSecond, ceiling, share } = row
        expect(error).toBeLessThanOrEqual(tolerance)
        expect(gbPerSecond).toBeCloseTo(bytes / time.ms / 1e6)
        expect(gflopPerSecond).toBeCloseTo((2 * 96 * 64) / time.ms / 1e6)
        expect(share).toBeCloseTo(ceiling.ms / time.ms)
        expect(ceiling).toMatchObject({ kind: 'bytes', loop: expect.any(String) })
        expect(ceiling.readGbPerSecond).toBeGreaterThan(0)
      }
      const table = (await hadal(options, adapter.icd)).stdout
      expect(table).toMatch(/llvmpipe.*; nothing tuned; .*at least 64 KiB/)
      expect(table).toMatch(/format +kernel, role +shape +µs +± half +GB\/s +GFLOP\/s +share/)
      expect(table).toMatch(/^q8 +linear_decode, given +1 × 96 → 64 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+/m)
    })

    it('times a model after proving it', async () => {
      const asked = ['bench', '--speed', '--model', fixture, '--context', '128', '--chunk', '16', '--untuned']
      const few = ['--position', '40', '--steps', '1', '--prefill-tokens', '20', '--repetitions', '1']
      const { code, stdout, stderr } = await hadal(
        [...asked, ...few, '--round', '1MiB', '--json'],
        adapter.icd,
      )
      expect(code, stderr).toBe(0)
      const { model, tuned, proof, decode, prefill, firstToken, allocations } = JSON.parse(stdout)
      expect([model.chunk, tuned]).toEqual([16, {}])
      expect(proof.positions).toHaveLength(5)
      for (const { error } of proof.positions) expect(error).toBeLessThan(proof.tolerance)
      expect(decode.share).toBeCloseTo(decode.ceilingMs / decode.token.ms)
      expect(decode.gbPerSecond).toBeCloseTo(decode.bytes / decode.token.ms / 1e6)
      expect(prefill.share).toBeCloseTo(prefill.gflopPerSecond / prefill.ceiling.gflopPerSecond)
      expect(firstToken.ms).toBeGreaterThan(0)
      expect(allocations.objectsPerToken).toBe(0)
    })

    it('writes the logits of every position', async () => {
      const golden = readGolden(fixture)
      const ids = join(folder, 'ids.json')
      const out = join(folder, 'logits.safetensors')
      writeFileSync(ids, JSON.stringify(golden.promptIds))
      const argv = [
        'logits',
        '--model',
        fixture,
        '--ids',
        ids,
        '--out',
        out,
        '--mode',
        'decode',
        '--kv',
        'f32',
        '--no-f16',
      ]
      const { code, stdout, stderr } = await hadal(
        [...argv, '--limits', 'default', '--no-subgroups'],
        adapter.icd,
      )
      expect(stderr.replaceAll(/^Warning.*\n/gm, '')).toBe('')
      expect([code, stdout]).toEqual([0, ''])
      const file = readFileSync(out)
      const headerBytes = Number(file.readBigUInt64LE(0))
      const [entry] = parseHeader(out, file.length, file.subarray(8, 8 + headerBytes))
      expect(entry).toMatchObject({ name: 'logits', dtype: 'F32', shape: [golden.promptIds.length, 320] })
      const values = new Float32Array(file.buffer.slice(file.byteOffset + 8 + headerBytes))
      expect(relativeError(values, golden.logits)).toBeLessThan(1e-4)
    })

    it('answers as text and as JSON', async () => {
      const asked = ['generate', '--model', LANTERNFISH, '--prompt', 'Who are you?', '--max-tokens', '60']
      const text = await hadal(asked, adapter.icd)
      expect(text.stdout).toBe(
        '<think>\nThis is about me.\n</think>\nI am Lanternfish, a tiny DeepSeek-style language model that runs entirely in your browser on Hadal.\n',
      )
      const { stdout } = await hadal([...asked, '--no-think', '--json'], adapter.icd)
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({ reasoning: '', finish_reason: 'stop', readbacks_per_token: 1 })
      expect(report.text).toContain('Lanternfish')
      expect(report.ids.length).toBe(report.timings.tokens)
      expect(Object.keys(report.gpu_bytes).sort()).toEqual([
        'activations',
        'experts',
        'kv_cache',
        'staging',
        'state',
        'weights',
      ])
      expect(report.adapter).toContain('llvmpipe')
      for (const key of ['load_ms', 'prefill_ms', 'decode_ms']) expect(report.timings[key]).toBeGreaterThan(0)
    })

    it('exits with 1 when no adapter has the name', async () => {
      const { code, stderr } = await hadal(
        ['generate', '--model', LANTERNFISH, '--prompt', 'x', '--adapter', 'voodoo'],
        adapter.icd,
      )
      expect(stderr).toMatch(/adapter/i)
      expect(code).toBe(1)
    })
  },
  adapters.slice(0, 1),
)
