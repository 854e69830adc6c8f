// Tests of models.json: its form, its figures against the listed configs, and what is said of wrong entries.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { type CatalogueEntry, estimateGpuBytes, parseCatalogue } from '../../src/catalogue/catalogue.ts'
import { catalogueDifferences } from '../../src/catalogue/differences.ts'
import { countParameters } from '../../src/engine/model-info.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { kvBytesPerToken } from '../../src/models/cache-layout.ts'
import { describeModel } from '../../src/models/describe.ts'
import { FAMILIES } from '../../src/models/families.ts'
import type { ModelSpec } from '../../src/models/spec.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import { LISTED_CONFIGS } from './configs.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const json = JSON.parse(readFileSync(join(ROOT, 'public', 'models.json'), 'utf8'))
const { bundled, models } = parseCatalogue(json)
const example = expectDefined(models[0], 'the first model')

describe('the list', () => {
  it('has enough models, none twice, in families that run, smallest download first', () => {
    expect(models.length).toBeGreaterThanOrEqual(16)
    for (const of of ['name', 'source'] as const)
      expect(new Set(models.map((entry) => entry[of])).size).toBe(models.length)
    expect(models.map(({ modelType }) => modelType).filter((type) => !FAMILIES.has(type))).toEqual([])
    const bytes = models.map(({ downloadBytes }) => downloadBytes)
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b))
  })

  it('has sizes from 0.3 to 31 billion parameters', () => {
    const sizes = models.map(({ parameters }) => parameters)
    expect(Math.min(...sizes)).toBeGreaterThan(0.3e9)
    expect(Math.max(...sizes)).toBeLessThan(31e9)
  })

  it('names the sources of each entry', () => {
    const document = readFileSync(join(ROOT, 'docs', 'catalogue.md'), 'utf8')
    const missing = models.filter(({ source }) => !document.includes(`\`${source.slice('hf:'.length)}\``))
    expect(missing.map(({ source }) => source)).toEqual([])
  })

  it('has the bytes of the bundled model', () => {
    const folder = join(ROOT, 'public', bundled.path)
    const files = readdirSync(folder).filter((name) => !['README.md', 'golden.json'].includes(name))
    expect(files).toContain('model.safetensors')
    expect(files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBe(bundled.bytes)
  })

  it('has a config for each entry', () =>
    expect(Object.keys(LISTED_CONFIGS).sort()).toEqual(models.map(({ source }) => source).sort()))
})

describe('figures follow from the config', () => {
  it.each(models.map((entry) => ({ source: entry.source, entry })))('$source', ({ source, entry }) => {
    const spec = describeModel(LISTED_CONFIGS[source])
    expect(entry).toMatchObject({
      ...countParameters(spec),
      modelType: spec.family,
      contextLength: spec.maxPositionEmbeddings,
      kvBytesPerToken: kvBytesPerToken(spec, { kind: spec.attention.kind, kvDtype: 'f16' }).kept,
      downloadBytes: storedBytes(spec, entry.weights),
    })
  })
})

/** Families whose router MLX stores in 8 bits; that of the others it leaves as it is. */
const ROUTER_IN_8_BITS = new Set(['qwen3_moe', 'bailing_moe'])

/** Bytes of all tensors. MLX quantises matrices in groups of 64. */
function storedBytes(spec: ModelSpec, weights: CatalogueEntry['weights']): number {
  return listTensors(spec).reduce((sum, { name, shape }) => {
    const elements = shape.reduce((product, size) => product * size, 1)
    if (weights !== 'MLX 4-bit' || shape.length !== 2) return sum + elements * 2
    if (!name.endsWith('.mlp.gate.weight')) return sum + elements / 2 + (elements / 64) * 4
    return sum + (ROUTER_IN_8_BITS.has(spec.family) ? elements + (elements / 64) * 4 : elements * 2)
  }, 0)
}

describe('a wrong list', () => {
  const changed = (changes: object) => ({
    bundled: json.bundled,
    models: [{ ...json.models[0], ...changes }],
  })

  test.each([
    ['an unknown field', { licence: 'MIT' }, 'models[0].licence'],
    ['no licence', { license: undefined }, 'models[0].license'],
    ['a source outside the Hub', { source: 'https://example.org/model' }, 'models[0].source'],
    ['more active parameters than there are', { activeParameters: 1e12 }, 'models[0].activeParameters'],
    ['a fraction of a byte', { downloadBytes: 0.5 }, 'models[0].downloadBytes'],
    ['another word for thinking', { thinking: 'yes' }, 'models[0].thinking'],
    ['an unknown fact', { unverified: { size: 'card' } }, 'models[0].unverified.size'],
    ['an unknown origin', { unverified: { license: 'rumour' } }, 'models[0].unverified.license'],
  ])('with %s is refused', (_, changes, path) => {
    expect(() => parseCatalogue(changed({}))).not.toThrow()
    expect(() => parseCatalogue(changed(changes))).toThrow(
      expect.objectContaining({ code: 'bad_file', message: expect.stringContaining(path) }),
    )
  })

  test.each([null, [], {}, { models: [] }, { bundled: json.bundled }])('%j is refused', (list) => {
    expect(() => parseCatalogue(list)).toThrow(expect.objectContaining({ code: 'bad_file' }))
  })
})

describe('differences from the files', () => {
  const facts = {
    architecture: example.modelType,
    parameters: example.parameters,
    downloadBytes: example.downloadBytes,
    model: { activeParameters: example.activeParameters, maxContextLength: example.contextLength },
  }
  const notices = (changes: Partial<typeof facts>) => catalogueDifferences(example, { ...facts, ...changes })

  it('are none for a correct entry, nor for a rounded one', () => {
    expect(notices({})).toEqual([])
    expect(
      notices({ parameters: facts.parameters * 1.009, downloadBytes: facts.downloadBytes * 0.991 }),
    ).toEqual([])
  })

  test.each([
    ['model_type', { architecture: 'other' }],
    ['max_position_embeddings', { model: { ...facts.model, maxContextLength: 7 } }],
    ['activeParameters', { model: { ...facts.model, activeParameters: 7 } }],
    ['parameters', { parameters: facts.parameters * 1.02 }],
    ['downloadBytes', { downloadBytes: facts.downloadBytes * 0.98 }],
  ] as const)('name %s', (key, changes) => {
    expect(notices(changes)).toEqual([expect.stringContaining(` ${key} is `)])
  })

  it('of a model type that does not run are its type and its bytes', () => {
    const { model: _, ...stored } = facts
    const found = catalogueDifferences(example, { ...stored, architecture: 'other', parameters: 7 })
    expect(found).toEqual([expect.stringContaining('model_type is "other"')])
  })
})

it('estimates memory from weights and cache, up to the context that the model has', () => {
  const [small, whole, beyond] = [1000, example.contextLength, 1e9].map((n) => estimateGpuBytes(example, n))
  expect(small).toBeGreaterThan(example.downloadBytes + 1000 * example.kvBytesPerToken)
  expect(whole).toBeGreaterThan(Number(small))
  expect(beyond).toBe(whole)
})
