// Answers: do settings come through an address unharmed, and does an address written by hand do no harm?
import { expect, test } from 'vitest'
import { calculationOf } from '../../src/app/bench/state/calculation.ts'
import { readLink, writeLink } from '../../src/app/bench/state/link.ts'
import { publishedShape } from '../../src/app/bench/state/published.ts'
import { someResult } from '../support/bench-result.ts'

const { settings } = someResult
const calculation = {
  ...calculationOf('Kimi-K2'),
  own: 'fp8' as const,
  context: 131_072,
  shape: { ...publishedShape('Kimi-K2'), heads: 96, latent: 0 },
}

test('settings, model and calculation travel there and back', () => {
  const link = readLink(`#${writeLink(settings, calculation, 'hf:org/name@main')}`)
  expect(link).toEqual({ settings, calculation, model: 'hf:org/name@main', refused: [] })
})

test('an empty link says nothing', () => {
  expect(readLink('')).toEqual({
    settings: {},
    calculation: calculationOf('V3'),
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
])('%s=%s is left out and named', (name, value) => {
  const link = readLink(`#${new URLSearchParams({ [name]: value })}`)
  expect(link).toEqual({ settings: {}, calculation: calculationOf('V3'), model: undefined, refused: [name] })
})

test('contexts are sorted and named once', () => {
  expect(readLink('#contexts=4096,64,4096').settings.contexts).toEqual([64, 4096])
})
