// Tests of the command line: output, files and exit codes of the real program.
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
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { runCli } from '../support/cli.ts'
import { FIXTURES, LANTERNFISH, readGolden } from '../support/model.ts'
import { startFileServer } from '../weights/file-server.ts'
import { HUB_MODEL, startHub } from '../weights/hub-server.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hadal-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('usage', () => {
  const wrong: [string, string[], RegExp][] = [
    ['no command', [], /No command given/],
    ['an unknown command', ['chat'], /Unknown command "chat"/],
    ['an unknown option', ['generate', '--modle', 'x'], /--modle/],
    ['a missing value', ['logits', '--model'], /--model needs a value/],
    ['a missing option', ['logits', '--ids', 'x.json', '--out', 'y'], /--model is missing/],
    [
      'a value that is not a number',
      ['generate', '--model', 'x', '--prompt', 'y', '--max-tokens', 'many'],
      /--max-tokens needs a number/,
    ],
    [
      'a sampling option that is not a number',
      ['generate', '--model', 'x', '--prompt', 'y', '--presence-penalty', 'high'],
      /--presence-penalty needs a number/,
    ],
    [
      'an unknown mode',
      ['logits', '--model', 'x', '--ids', 'y', '--out', 'z', '--mode', 'fast'],
      /--mode must be/,
    ],
    ['an unknown format', ['inspect', 'x', '--quantize', 'q3'], /--quantize must be none or fp8/],
    ['an unknown weight class', ['inspect', 'x', '--quantize', 'router=q8'], /unknown weight class "router"/],
    ['a config change without a value', ['inspect', 'x', '--config', 'rope_theta'], /must be KEY=VALUE/],
    ['an invalid size', ['inspect', 'x', '--memory', 'much'], /--memory must be a size such as/],
    [
      'an option of the other benchmark',
      ['bench', '--speed', '--model', 'x', '--contexts', '9'],
      /--contexts/,
    ],
    ['--round of tune, which has none', ['tune', '--round', '1MiB'], /--round/],
    ['two prompts', ['generate', '--model', 'x', '--prompt', 'a', '--ids', 'b'], /exactly one/],
  ]
  for (const [what, argv, message] of wrong) {
    it(`exits with 2 for ${what}`, async () => {
      const { code, stdout, stderr } = await runCli(argv)
      expect(stderr).toMatch(message)
      expect(stderr).toContain('Usage:')
      expect([code, stdout]).toEqual([2, ''])
    })
  }
})

const filesOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]))

describe('inspect', () => {
  const noDriver = '/nonexistent.json'

  it('describes a model without a GPU, and says that the memory is unknown', async () => {
    const { code, stdout } = await runCli(['inspect', LANTERNFISH, '--tensors'], noDriver)
    expect(code).toBe(0)
    expect(stdout).toContain('1152 bytes per token; standard attention: 5120')
    expect(stdout).toContain('model.layers.1.mlp.experts.15.down_proj.weight  F8_E4M3 [256, 128]')
    expect(stdout).toMatch(/^verdict +may fit: use --memory/m)
  })

  it('prints JSON', async () => {
    const { stdout } = await runCli(['inspect', LANTERNFISH, '--json'], noDriver)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ kv_bytes_per_token: 1152, standard_kv_bytes_per_token: 5120 })
    expect(report.drafts_left_on_disk).toBeGreaterThan(0)
    const { total, ...purposes } = report.gpu_bytes
    expect(total).toBe(Object.values<number>(purposes).reduce((sum, bytes) => sum + bytes, 0))
    expect(report.plan).toMatchObject({ architecture: 'deepseek_v3', fits: 'unknown', unsupported: [] })
  })

  it('follows changes to the config', async () => {
    const changes = ['rope_scaling.type=linear', 'rope_scaling.factor=4', 'max_position_embeddings=777']
    const argv = changes.flatMap((change) => ['--config', change])
    const { code, stdout } = await runCli(['inspect', join(FIXTURES, 'llama-bf16'), ...argv], noDriver)
    expect(code).toBe(0)
    expect(stdout).toContain('rope_scaling.type is "linear" as asked for; in the file it is missing')
    expect(stdout).toMatch(/^context +at most 777 tokens/m)
    const refused = await runCli(['inspect', LANTERNFISH, '--config', 'hidden_act=gelu'], noDriver)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('hidden_act is "gelu"') })
  })

  it('says that chats will fail with a faulty template', async () => {
    const model = join(folder, 'faulty-template')
    cpSync(join(FIXTURES, 'llama-bf16'), model, { recursive: true })
    const templates = ['a', 'b'].map((name) => ({ name, template: '' }))
    writeFileSync(join(model, 'tokenizer_config.json'), JSON.stringify({ chat_template: templates }))
    const { code, stdout } = await runCli(['inspect', model], noDriver)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^notice +tokenizer_config.json: "chat_template" is neither.*Chats will fail/m)
    const json = await runCli(['inspect', model, '--json'], noDriver)
    expect(JSON.parse(json.stdout).plan.notices).toEqual([expect.stringContaining('Chats will fail')])
  })

  it('plans for the given memory, context and formats', async () => {
    const options = ['--memory', '12.5MB', '--context', '1000', '--quantize', 'auto']
    const { stdout } = await runCli(['inspect', LANTERNFISH, '--json', ...options], noDriver)
    const { plan } = JSON.parse(stdout)
    expect(plan).toMatchObject({ fits: true, auto: 'q4', gpu: { quantize: 'q4', contextLength: 1000 } })
    expect(plan.choices[0]).toMatchObject({ quantize: 'none', fits: false })
    const tight = await runCli(['inspect', LANTERNFISH, '--memory', '1MiB'], noDriver)
    expect(tight.stdout).toMatch(/^as none +\S+ MiB, does not fit$/m)
    expect(tight.stdout).toMatch(/^verdict +does not fit$/m)
  })

  it('plans a folder on a host from its first 128 KiB', async () => {
    const server = await startFileServer(filesOf(LANTERNFISH))
    const { code, stdout } = await runCli(['inspect', `${server.url}`, '--json'], noDriver)
    await server.close()
    expect(code).toBe(0)
    expect(JSON.parse(stdout).plan.architecture).toBe('deepseek_v3')
    expect(server.log.filter((line) => /GET .*\.safetensors/.test(line))).toEqual([
      'GET /model.safetensors bytes=0-131071',
    ])
  })

  it('plans a model of the Hub and with the token of the environment', async () => {
    const hub = await startHub(filesOf(LANTERNFISH))
    hub.token = 'hf_secret'
    const env = { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' }
    const found = await runCli(['inspect', `hf:${HUB_MODEL}`, '--json'], noDriver, env)
    const refused = await runCli(['inspect', `hf:${HUB_MODEL}`], noDriver, {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: '',
    })
    await hub.close()
    expect(found.code).toBe(0)
    expect(JSON.parse(found.stdout).plan).toMatchObject({ architecture: 'deepseek_v3', unsupported: [] })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(HUB_MODEL)
    expect(found.stdout + refused.stderr).not.toContain('hf_secret')
  })

  it('reports what it can about an unsupported model, and exits with 1', async () => {
    const path = join(folder, 'not-yet')
    const config = JSON.parse(readFileSync(join(LANTERNFISH, 'config.json'), 'utf8'))
    cpSync(LANTERNFISH, path, { recursive: true })
    for (const [change, message] of [
      [{ model_type: 'deepseek_v4' }, /^hadal: .*deepseek_v4 is recognised but not run yet/m],
      [{ 'x\u001b[2J': 1, hidden_act: '\u001b[2J' }, /^hadal: config\.json: hidden_act is "\\u001b\[2J"/m],
    ] as const) {
      writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, ...change }))
      const { code, stdout, stderr } = await runCli(['inspect', path], noDriver)
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
      expect(stdout).toMatch(/^not supported +config\.json/m)
      expect(stdout).not.toContain('\u001b')
    }
  })

  it('lists models to try, and which of them fit', async () => {
    const { code, stdout } = await runCli(['inspect', '--memory', '2GB'], noDriver)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^hf:mlx-community\/Qwen3-0\.6B-4bit +0\.6 B .* Apache-2\.0 +fits$/m)
    expect(stdout).toMatch(/^hf:mlx-community\/Moonlight\S+ +16\.0 B, 2\.6 B active .* does not fit$/m)
    const json = await runCli(['inspect', '--json', '--memory', '2GB', '--context', '30000'], noDriver)
    const { models } = JSON.parse(json.stdout)
    expect(models.length).toBeGreaterThanOrEqual(16)
    const [small] = models.filter(({ source }: { source: string }) => source.endsWith('/Qwen3-0.6B-4bit'))
    expect(small).toMatchObject({ fits: false, kvBytesPerToken: 114_688 })
  })

  it('exits with 1 and names the wrong folder, config, file or tensor', async () => {
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
      const { code, stderr } = await runCli(['inspect', path])
      expect(stderr).toMatch(message)
      expect(code).toBe(1)
    }
  })
})

describeOnAdapters(
  'with a GPU',
  (adapter) => {
    const fixture = join(FIXTURES, 'deepseek_v3-fp8-tiny')

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
      const { code, stdout, stderr } = await runCli(
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
      const args = ['generate', '--model', LANTERNFISH, '--prompt', 'Who are you?', '--max-tokens', '60']
      const text = await runCli(args, adapter.icd)
      expect(text.stdout).toBe(
        '<think>\nThis is about me.\n</think>\nI am Lanternfish, a tiny DeepSeek-style language model ' +
          'that runs entirely in your browser on Hadal.\n',
      )
      const { stdout } = await runCli([...args, '--no-think', '--json'], adapter.icd)
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

    it('exits with 1 if no adapter has the name', async () => {
      const { code, stderr } = await runCli(
        ['generate', '--model', LANTERNFISH, '--prompt', 'x', '--adapter', 'voodoo'],
        adapter.icd,
      )
      expect(stderr).toMatch(/adapter/i)
      expect(code).toBe(1)
    })
  },
  ADAPTERS.slice(0, 1),
)
