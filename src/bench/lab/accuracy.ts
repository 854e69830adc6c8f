// Reports how accurate a kernel's result is, and where it is wrong.

import { expectDefined } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { CheckedOutput } from '../kernels/case.ts'
import type { ContractHead } from './contract-head.ts'
import { errorsOf, heatMap, worstOf } from './heat-map.ts'
import type { AccuracyReport } from './protocol.ts'

const MAX_WORST = 8

/**
 * Of several outputs of a kernel, the one with the largest error relative to its tolerance; NaN counts most.
 */
export function worstOutput(results: readonly CheckedOutput[]): CheckedOutput {
  const errorRatio = ({ actual, expected, tolerance }: CheckedOutput) => {
    const error = relativeError(actual, expected) / (tolerance || 1)
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
  }
  const [first] = results.toSorted((a, b) => errorRatio(b) - errorRatio(a))
  return expectDefined(first, 'a result')
}

/** @param cols columns per row of the output */
export function accuracyReport(result: CheckedOutput, cols: number): AccuracyReport {
  const errors = errorsOf(result.actual, result.expected)
  const error = relativeError(result.actual, result.expected)
  const rows = Math.ceil(errors.length / cols)
  const allRows = Array.from({ length: rows }, (_, row) => row)
  const rowNumbers = result.rows?.length === rows ? result.rows : allRows
  return {
    error,
    tolerance: result.tolerance,
    right: error <= result.tolerance,
    rows,
    rowNumbers,
    cols,
    notFinite: errors.filter((size) => size === Number.POSITIVE_INFINITY).length,
    worst: worstOf(errors, result, cols, MAX_WORST).map((element) => ({
      ...element,
      row: rowNumbers[element.row] ?? element.row,
    })),
    map: heatMap(errors, cols),
  }
}

/**
 * Columns per row of a kernel's output of `length` values: the last dimension of a written binding in the
 * head of its shader. If that is not a constant of this case or does not divide `length`, one row per token,
 * or a single row.
 */
export function columnsPerRow(
  { bindings }: ContractHead,
  constants: Dispatch['constants'],
  length: number,
  tokens: number,
): number {
  const written = bindings.filter(({ access }) => access === 'read_write')
  const sizes = written.map(({ shape }) => sizeOf(/([^,[\]]+)\]$/.exec(shape)?.[1] ?? '', constants))
  const fits = (size: number) => Number.isInteger(size) && size > 0 && length % size === 0
  return sizes.find(fits) ?? (fits(length / tokens) ? length / tokens : length)
}

/** Evaluates a sum of constants and numbers, such as `LATENT + 2`; NaN for anything else. */
const sizeOf = (text: string, constants: Dispatch['constants']): number =>
  text.split('+').reduce((sum, term) => sum + (constants[term.trim()] ?? Number(term)), 0)
