// Errors of each number, the worst of them, and cells of a picture.
import { describe, expect, it } from 'vitest'
import { errorsOf, heatMap, layoutCells, worstOf } from '../../src/lab/heat-map.ts'

describe('errors', () => {
  it('are distances in root mean squares of what is wanted', () => {
    expect([...errorsOf([3, 4, 5], [3, 4.5, 5])]).toEqual([0, 0.5 / Math.sqrt((9 + 20.25 + 25) / 3), 0])
  })

  it('of zeros are distances as they are', () => expect([...errorsOf([0, 2], [0, 0])]).toEqual([0, 2]))

  it('of what is no number are infinite', () => {
    expect([...errorsOf([Number.NaN, Number.NEGATIVE_INFINITY], [1, 1, 1])]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY, // missing
    ])
  })
})

it('the worst come first, of equal ones the first', () => {
  const errors = Float64Array.of(1, 5, 2, 5, 0, 9, 1)
  const result = { actual: [0, 1, 2, 3, 4, 5, 6], wanted: [0, 10, 20, 30, 40, 50, 60] }
  expect(worstOf(errors, result, 3, 4)).toEqual([
    { row: 1, col: 2, actual: 5, wanted: 50, error: 9 },
    { row: 0, col: 1, actual: 1, wanted: 10, error: 5 },
    { row: 1, col: 0, actual: 3, wanted: 30, error: 5 },
    { row: 0, col: 2, actual: 2, wanted: 20, error: 2 },
  ])
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
  ])('of %s × %s numbers are at most 128 × 64, and hold each number once', (rows, cols) => {
    const { width, height, lines, lineCols, cellCols, cellRows } = layoutCells(rows, cols)
    expect(width).toBeLessThanOrEqual(128)
    expect(height).toBeLessThanOrEqual(64)
    expect(lines * lineCols).toBeGreaterThanOrEqual(cols)
    expect((lines - 1) * lineCols).toBeLessThan(cols)
    expect(width * cellCols).toBeGreaterThanOrEqual(lineCols)
    expect((height / lines) * cellRows).toBeGreaterThanOrEqual(rows)
  })

  it('show the largest error in them', () => {
    const errors = new Float64Array(200 * 300)
    errors[150 * 300 + 299] = 7
    errors[150 * 300 + 298] = 3
    const { cells, width, cellRows, cellCols } = heatMap(errors, 300)
    expect([cellRows, cellCols, width]).toEqual([4, 3, 100])
    expect(cells[37 * width + 99]).toBe(7)
    expect(cells.filter((each) => each > 0)).toHaveLength(1)
  })

  it('beyond the end of a row are empty', () => {
    const map = heatMap(new Float64Array(129), 129)
    expect([map.lines, map.lineCols, map.cells.length]).toEqual([2, 65, 130])
    expect(map.cells[129]).toBe(-1)
    expect(map.cells[128]).toBe(0)
  })
})
