// Tests that members of a JSON object that do not change are written as they were.
import { expect, test } from 'vitest'
import { objectText } from '../../src/lib/json-text.ts'

const SOURCE = String.raw`{"a": 0.0, "b": [1e-06, {"c": "}, \" d"}],
 "c, \"d": 1.0 , "e":{"f": 2.0, "g": []},"h":"x"}`

test('numbers of members that stay keep their form', () => {
  const value = JSON.parse(SOURCE)
  expect(JSON.parse(objectText(value, SOURCE))).toEqual(value)
  const { h, ...rest } = value
  const text = objectText({ ...rest, e: { f: 2, g: [1] }, i: h }, SOURCE)
  expect(JSON.parse(text)).toEqual({ ...rest, e: { f: 2, g: [1] }, i: 'x' })
  expect(text).toContain('"a": 0.0,')
  expect(text).toContain('[1e-06, {')
  expect(text).toContain('": 1.0,')
  expect(text).not.toContain('2.0')
})

test('an empty source gives plain JSON', () => {
  expect(objectText({ a: 0.5, b: {} }, '{}')).toBe('{\n    "a": 0.5,\n    "b": {}\n}\n')
})
