// Tests of the benchmark permalink: round trip, defaults, and rejection of invalid fields.
import { expect, test } from 'vitest'
import { calculatorInputsFor } from '../../src/app/bench/state/calculator-inputs.ts'
import { readBenchLink, writeBenchLink } from '../../src/app/bench/state/link.ts'
import { publishedShape } from '../../src/app/bench/state/published-shapes.ts'
import { SAMPLE_RESULT } from '../support/bench-result.ts'

const { settings } = SAMPLE_RESULT
const CALCULATION = {
  ...calculatorInputsFor('Kimi-K2'),
  ownPrecision: 'fp8' as const,
  context: 131_072,
  shape: { ...publishedShape('Kimi-K2'), heads: 96, latent: 0 },
}

test('settings, model and calculation survive a round trip', () => {
  const link = readBenchLink(`#${writeBenchLink(settings, CALCULATION, 'hf:org/name@main')}`)
  expect(link).toEqual({ settings, calculation: CALCULATION, model: 'hf:org/name@main', refused: [] })
})

test('an empty link gives the defaults', () => {
  expect(readBenchLink('')).toEqual({
    settings: {},
    calculation: calculatorInputsFor('V3'),
    model: undefined,
    refused: [],
  })
})

test.each([
  ['contexts', '64,1e9'],
  ['contexts', '0'],
  ['contexts', Array.from({ length: 17 }, (_, index) => index + 1).join(',')],
  ['caches', 'latent,__proto__'],
  ['caches', ''],
  ['numbers', 'f64'],
  ['steps', '-1'],
  ['model', 'javascript:alert(1)'],
  ['model', 'hf:org/../name'],
  ['model', `https://example.com/${'x'.repeat(300)}`],
  ['shape', 'constructor'],
  ['heads', '0'],
  ['latent', '99999999'],
  ['context', '1.5'],
])('%s=%s is ignored and reported', (name, value) => {
  const link = readBenchLink(`#${new URLSearchParams({ [name]: value })}`)
  expect(link).toEqual({
    settings: {},
    calculation: calculatorInputsFor('V3'),
    model: undefined,
    refused: [name],
  })
})

test('contexts are sorted and deduplicated', () => {
  expect(readBenchLink('#contexts=4096,64,4096').settings.contexts).toEqual([64, 4096])
})
