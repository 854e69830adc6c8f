// Tests of the benchmark charts: scales, series, keyboard navigation, time left.
import { expect, test } from 'vitest'
import { memorySeries, speedSeries } from '../../src/app/bench/state/bench-series.ts'
import { secondsLeft } from '../../src/app/bench/state/time-left.ts'
import { linearScale, logScale, rateScale, spreadLabels } from '../../src/app/chart/axis-scale.ts'
import { nearestPoint, neighbourPoint } from '../../src/app/chart/point-navigation.ts'
import { SAMPLE_RESULT } from '../support/bench-result.ts'

test('a logarithmic axis spans powers of two around the values, with few ticks', () => {
  const axis = logScale([1024, 100_000], 6)
  expect(axis.ticks).toEqual([1024, 4096, 16_384, 65_536])
  expect([axis.positionOf(1024), axis.positionOf(131_072)]).toEqual([0, 1])
  expect(logScale([64], 6).ticks).toEqual([64, 128])
})

test('a speed axis starts at zero unless the speeds differ too much', () => {
  expect(linearScale([3, 47], 6).ticks).toEqual([0, 10, 20, 30, 40, 50])
  expect(linearScale([0.012], 6).ticks.at(-1)).toBeCloseTo(0.015, 12)
  expect(rateScale([3, 47], 6).positionOf(0)).toBe(0)
  expect(rateScale([1, 64], 7).ticks).toEqual([1, 2, 4, 8, 16, 32, 64])
})

test('line labels keep their order and a minimum distance', () => {
  expect(spreadLabels([50, 50, 10], 10, 0, 100)).toEqual([50, 60, 10])
  expect(spreadLabels([98, 99, 100], 10, 0, 100)).toEqual([80, 90, 100])
})

test('memory shows measured points, the maximum that fits, and a line beyond', () => {
  const [latent, standard] = memorySeries([{ letter: 'A', result: SAMPLE_RESULT }])
  expect(latent?.points.map(({ x, y }) => [x, y])).toEqual([
    [64, 73_728],
    [128, 147_456],
    [466_048, 466_048 * 1152],
  ])
  expect(latent?.line?.[0]).toEqual([64, 73_728])
  expect(latent?.beyond?.at(-1)).toEqual([2 ** 20, 2 ** 20 * 1152])
  expect(standard?.points.at(-1)?.text).toBe('Standard (MHA): 104,832 tokens fit at most')
})

test('speed shows only timed points, with their quartiles', () => {
  const series = speedSeries(
    [
      { letter: 'A', result: SAMPLE_RESULT },
      { letter: 'B', result: SAMPLE_RESULT },
    ],
    'decode',
  )
  expect(series.map(({ name, order }) => [name, order])).toEqual([
    ['A Latent', 0],
    ['B Latent', 1],
  ])
  const [point] = series[0]?.points ?? []
  expect(point).toMatchObject({ x: 64, y: 500, text: 'A Latent at 64 tokens: 500 tok/s' })
  expect(point?.low).toBeCloseTo(500 / 1.2, 9)
  expect(point?.high).toBeCloseTo(500 / 0.9, 9)
})

test('arrow keys move along a line and between lines, also where lines meet', () => {
  const line = (...heights: number[]) => heights.map((y, index) => ({ x: 100 * index, y }))
  const lines = [line(10, 20), line(10, 50), line(80, 90)]
  expect(neighbourPoint(lines, { line: 0, point: 0 }, 'ArrowRight')).toEqual({ line: 0, point: 1 })
  expect(neighbourPoint(lines, { line: 0, point: 1 }, 'ArrowRight')).toBeUndefined()
  expect(neighbourPoint(lines, { line: 0, point: 0 }, 'ArrowDown')).toEqual({ line: 1, point: 0 })
  expect(neighbourPoint(lines, { line: 1, point: 0 }, 'ArrowUp')).toEqual({ line: 0, point: 0 })
  expect(neighbourPoint(lines, { line: 2, point: 1 }, 'ArrowUp')).toEqual({ line: 1, point: 1 })
  expect(neighbourPoint(lines, { line: 2, point: 1 }, 'Tab')).toBeUndefined()
  expect(nearestPoint(lines, 95, 47)).toEqual({ line: 1, point: 1 })
  expect(nearestPoint(lines, 300, 300)).toBeUndefined()
})

test('time left counts down within a part and is unknown at first', () => {
  const progress = { phase: 'decode', done: 4, total: 10 } as const
  const clock = { begun: 0, partDone: 8000 }
  expect(secondsLeft(progress, clock, 8000)).toBe(12)
  expect(secondsLeft(progress, clock, 11_000)).toBe(9)
  expect(secondsLeft(progress, clock, 60_000)).toBe(0)
  expect(secondsLeft({ ...progress, done: 1 }, clock, 9000)).toBeNaN()
})
