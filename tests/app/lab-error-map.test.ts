// Tests of the lab's error map, syntax highlighting and figures.
import { describe, expect, it } from 'vitest'
import { errorLevelOf, levelOutlines, mapCellAt } from '../../src/app/lab/state/error-levels.ts'
import { highlight } from '../../src/app/lab/state/highlight.ts'
import { percentText, relativeErrorText, spreadText, valueText } from '../../src/app/lab/state/number-text.ts'
import { heatMap } from '../../src/bench/lab/heat-map.ts'

describe('error levels', () => {
  it.each([
    [0, 'exact'],
    [1e-12, '-8'],
    [2e-7, '-6'],
    [0.9e-5, '-5'],
    [1.1e-5, '-4'],
    [0.5, '0'],
    [1e9, '0'],
    [Number.POSITIVE_INFINITY, 'none'],
  ])('%s is %s', (error, level) => expect(errorLevelOf(error)).toBe(level))

  it('are undefined outside the result', () => expect(errorLevelOf(-1)).toBeUndefined())
})

it('each level has one outline, with neighbours joined', () => {
  const errors = Float64Array.of(0, 0, 0.5, 0, Number.POSITIVE_INFINITY, 0.5)
  expect(levelOutlines(heatMap(errors, 3))).toEqual([
    { level: 'exact', path: 'M0 0h2v1h-2zM0 1h1v1h-1z' },
    { level: '0', path: 'M2 0h1v1h-1zM2 1h1v1h-1z' },
    { level: 'none', path: 'M1 1h1v1h-1z' },
  ])
})

it('a cell of the map maps back to its rows and columns', () => {
  const errors = new Float64Array(300)
  errors[290] = 0.25
  const map = heatMap(errors, 300)
  const [width, lines] = [map.width, map.lines]
  expect([width, lines, map.lineCols]).toEqual([100, 3, 100])
  expect(mapCellAt(map, { cols: 300, rows: 1 }, { x: 90, y: 2 })).toEqual({
    rows: [0, 0],
    cols: [290, 290],
    error: 0.25,
  })
})

describe('tint', () => {
  it('preserves the text', () => {
    const text = 'enable f16;\n\n@compute fn main() { // end\n  let x = vec4<f32>(0x1fu, 1.5e-3f); }\n\tß 🐟'
    const lines = highlight(text)
    expect(lines.map((pieces) => pieces.map((piece) => piece.text).join('')).join('\n')).toBe(text)
    const kinds = lines[3]?.filter(({ kind }) => kind !== 'plain').map(({ kind, text: word }) => [kind, word])
    expect(kinds).toEqual([
      ['keyword', 'let'],
      ['type', 'vec4'],
      ['type', 'f32'],
      ['number', '0x1fu'],
      ['number', '1.5e-3f'],
    ])
  })
})

it('figures have only significant digits', () => {
  expect([0, 1.234e-7, Number.NaN].map(relativeErrorText)).toEqual(['0', '1.2e-7', 'no number'])
  expect([0.1 + 0.2, 40, Number.NaN].map(valueText)).toEqual(['0.3', '40', 'NaN'])
  expect(spreadText({ ms: 16.0134, low: 0.0123, high: 0.00123, all: [] })).toBe('16,013 µs (12.3 to 1.23)')
  expect([0.934, 0.012].map(percentText)).toEqual(['93 %', '1.2 %'])
})
