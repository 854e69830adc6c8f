// Tests that shipped shaders, which lack comments and white space, are the programs of their sources.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/engine/options.ts'
import { shipped as shippedOf } from '../../tools/shader-plugin.mjs'
import { ADAPTERS, type AdapterCase, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'

const onDemand = shippedOf(sources, true)
const shipped = { ...shippedOf(sources), ...onDemand }

const SIGNS = '<<= >>= <= >= == != && || += -= *= /= %= &= |= ^= -> ++ -- << >>'.split(' ')
const TOKEN = new RegExp(`${SIGNS.map((sign) => sign.replace(/[|+*^]/g, '\\$&')).join('|')}|[\\w.]+|\\S`, 'g')
/** What a compiler reads: words and the longest possible signs; comments are left out. */
const tokens = (text = '') => text.replaceAll(/\/\/.*$/gm, '').match(TOKEN)
const directives = (text = '') => text.split('\n').filter((line) => line.startsWith('#'))

describe.each(Object.entries(shipped))('shipped %s', (path, text) => {
  it('has the tokens and directives of its source', () => {
    expect(tokens(text)).toEqual(tokens(sources[path]))
    expect(directives(text)).toEqual(directives(sources[path]))
  })

  it('has no comments, indentation or blank lines', () => {
    expect(text).not.toMatch(/\/\/|\/\*|^\s|\s$/m)
  })
})

it('leaves out only what benchmarks and tests use', () => {
  const left = Object.keys(sources).filter((path) => !(path in shipped) && !path.startsWith('bench/'))
  expect(left).toEqual(['linear/matrix_unit_emulated'])
})

it('keeps apart what few loads need, which nothing else imports', () => {
  const others = Object.entries(shippedOf(sources))
  expect(Object.keys(onDemand)).toContain('quantize/quantize')
  for (const path of Object.keys(onDemand))
    expect(others.filter(([, text]) => text.split(/\s/).includes(path))).toEqual([])
})

describeOnAdapters(
  'shipped shaders',
  (adapter) => {
    const latent: EngineOptions = { quantize: 'q8', cache: 'fp8', matmulPrecision: 'i8' }
    const models: [string, EngineOptions][] = [['deepseek_v3-fp8-tiny', latent]]
    if (adapter === ADAPTERS[0]) models.push(['qwen2-bf16', { matmulPrecision: 'f16' }])
    it.each(models)('compute the same as their sources: %s', async (name, special) => {
      for (const options of [{}, { quantize: 'q4' } as const, special]) {
        const expected = await logits(adapter, name, options)
        expect(await logits(adapter, name, { ...options, shaders: shipped })).toEqual(expected)
      }
    })
  },
  ADAPTERS.slice(0, 2),
)

async function logits(adapter: AdapterCase, name: string, options: EngineOptions) {
  const folder = join(FIXTURES, name)
  const { promptIds } = readGolden(folder)
  const engine = await openModel(folder, adapter, options)
  try {
    return [await engine.logits(promptIds, 'whole'), await engine.logits(promptIds, 'decode')]
  } finally {
    engine.destroy()
  }
}
