// Tests of the lab's heat map: errors of each element, the largest ones, and the layout of cells.
import { describe, expect, it } from 'vitest'
import { errorsOf, heatMap, layoutCells, worstOf } from '../../../src/bench/lab/heat-map.ts'
import type { ElementError } from '../../../src/bench/lab/protocol.ts'

describe('errors', () => {
  it('are distances divided by the root mean square of the expected values', () => {
    expect([...errorsOf([3, 4, 5], [3, 4.5, 5])]).toEqual([0, 0.5 / Math.sqrt((9 + 20.25 + 25) / 3), 0])
  })

  it('are plain distances if all expected values are zero', () =>
    expect([...errorsOf([0, 2], [0, 0])]).toEqual([0, 2]))

  it('are infinite for non-finite values', () => {
    expect([...errorsOf([Number.NaN, Number.NEGATIVE_INFINITY], [1, 1, 1])]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY, // missing
    ])
  })
})

it('lists the largest errors first, equal ones in order', () => {
  const errors = Float64Array.of(1, 5, 2, 5, 0, 9, 1)
  const result = { actual: [0, 1, 2, 3, 4, 5, 6], expected: [0, 10, 20, 30, 40, 50, 60] }
  expect(worstOf(errors, result, 3, 4)).toEqual([
    { row: 1, col: 2, actual: 5, expected: 50, error: 9 },
    { row: 0, col: 1, actual: 1, expected: 10, error: 5 },
    { row: 1, col: 0, actual: 3, expected: 30, error: 5 },
    { row: 0, col: 2, actual: 2, expected: 20, error: 2 },
  ] satisfies ElementError[])
  expect(worstOf(errors, result, 3, 20)).toHaveLength(7)
})

describe('cells', () => {
  it.each([
    [1, 2048],
    [1, 102_400],
    [1, 1],
    [7, 129],
    [8, 20_480],
    [300, 5],
    [4096, 4096],
  ])('of %s × %s values are at most 128 × 64, and cover each value once', (rows, cols) => {
    const { width, height, lines, lineCols, cellCols, cellRows } = layoutCells(rows, cols)
    expect(width).toBeLessThanOrEqual(128)
    expect(height).toBeLessThanOrEqual(64)
    expect(lines * lineCols).toBeGreaterThanOrEqual(cols)
    expect((lines - 1) * lineCols).toBeLessThan(cols)
    expect(width * cellCols).toBeGreaterThanOrEqual(lineCols)
    expect((height / lines) * cellRows).toBeGreaterThanOrEqual(rows)
  })

  it('hold the largest of their errors', () => {
    const errors = new Float64Array(200 * 300)
    errors[150 * 300 + 299] = 7
    errors[150 * 300 + 298] = 3
    const { cells, width, cellRows, cellCols } = heatMap(errors, 300)
    expect([cellRows, cellCols, width]).toEqual([4, 3, 100])
    expect(cells[37 * width + 99]).toBe(7)
    expect(cells.filter((error) => error > 0)).toHaveLength(1)
  })

  it('are -1 beyond the end of a row', () => {
    const map = heatMap(new Float64Array(129), 129)
    expect([map.lines, map.lineCols, map.cells.length]).toEqual([2, 65, 130])
    expect(map.cells[129]).toBe(-1)
    expect(map.cells[128]).toBe(0)
  })
})
