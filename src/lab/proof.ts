// Answers: is a result right, and where is it not? It must not know how it came about.
import type { Proof as Result } from '../bench/kernels/case.ts'
import { present } from '../lib/error.ts'
import { relativeError } from '../lib/relative-error.ts'
import type { Dispatch } from '../program/graph.ts'
import { errorsOf, heatMap, worstOf } from './heat-map.ts'
import type { Proof } from './protocol.ts'

const WORST = 8

/** Of several results of a kernel the one that comes nearest to its tolerance, or is farthest beyond it. */
export function nearest(results: readonly Result[]): Result {
  const nearness = ({ actual, wanted, tolerance }: Result) => {
    const error = relativeError(actual, wanted) / (tolerance || 1)
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
  }
  const [first] = results.toSorted((a, b) => nearness(b) - nearness(a))
  return present(first, 'a result')
}

/** @param cols numbers of a row of the result */
export function proofOf(result: Result, cols: number): Proof {
  const errors = errorsOf(result.actual, result.wanted)
  const error = relativeError(result.actual, result.wanted)
  const rows = Math.ceil(errors.length / cols)
  const all = Array.from({ length: rows }, (_, row) => row)
  const numbers = result.rows?.length === rows ? result.rows : all
  return {
    error,
    tolerance: result.tolerance,
    right: error <= result.tolerance,
    rows,
    numbers,
    cols,
    notFinite: errors.filter((each) => each === Number.POSITIVE_INFINITY).length,
    worst: worstOf(errors, result, cols, WORST).map((spot) => ({
      ...spot,
      row: numbers[spot.row] ?? spot.row,
    })),
    map: heatMap(errors, cols),
  }
}

/**
 * Numbers of a row of a kernel's result, `length` numbers in all: the last size in the shape of what it writes, by its contract. Where
 * that is no constant of this case or leaves a remainder, one row for each input row, or all in one.
 */
export function columnsOf({ kernel, constants }: Dispatch, length: number, tokens: number): number {
  const written = Object.values(kernel.bindings).filter(({ access }) => access === 'read_write')
  const sizes = written.map(({ shape }) => sizeOf(/([^,[\]]+)\]$/.exec(shape)?.[1] ?? '', constants))
  const fits = (size: number) => Number.isInteger(size) && size > 0 && length % size === 0
  return sizes.find(fits) ?? (fits(length / tokens) ? length / tokens : length)
}

/** `HIDDEN`, `LATENT + 2`: a sum of constants and numbers; NaN for anything else. */
const sizeOf = (text: string, constants: Dispatch['constants']): number =>
  text.split('+').reduce((sum, term) => sum + (constants[term.trim()] ?? Number(term)), 0)
