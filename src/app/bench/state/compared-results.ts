// The results shown side by side: the latest run, those kept from earlier runs, and imported files.

import { computed, signal } from '@preact/signals'
import type { BenchResult } from '../../../bench/result.ts'
import { asHadalError } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { latestResult } from './bench-run.ts'
import type { LetteredResult } from './bench-series.ts'
import { MAX_RESULT_BYTES, readResult, tooLarge } from './read-result.ts'

/** More cannot be told apart in one chart. */
const MAX_RESULTS = 6

const keptResults = signal<readonly BenchResult[]>([])
export const importFailures = signal<readonly Failure[]>([])

/** All results, the latest run first. */
export const shownResults = computed<readonly LetteredResult[]>(() =>
  [...latestUnlessKept(), ...keptResults.value].map((result, index) => ({
    letter: String.fromCharCode(65 + index),
    result,
  })),
)

function latestUnlessKept(): BenchResult[] {
  return latestResult.value && !isKept(latestResult.value) ? [latestResult.value] : []
}

/** Imports result files. Files that are not results are listed in `importFailures`. */
export async function importFiles(files: readonly File[]): Promise<void> {
  const read = await Promise.allSettled(files.slice(0, MAX_RESULTS).map(readFile))
  importFailures.value = read.flatMap((file) =>
    file.status === 'rejected' ? [asHadalError(file.reason)] : [],
  )
  for (const file of read) {
    if (file.status === 'fulfilled') keepResult(file.value)
  }
}

/** Keeps a result on screen when later runs add theirs. The oldest gives way. */
export function keepResult(result: BenchResult): void {
  if (keptResults.value.some((kept) => isSame(kept, result))) return
  keptResults.value = [...keptResults.value, result].slice(-(MAX_RESULTS - 1))
}

/** True if the result stays on screen when the next run begins. */
export const isKept = (result: BenchResult): boolean => keptResults.value.includes(result)

export function removeResult(result: BenchResult): void {
  if (latestResult.value === result) latestResult.value = undefined
  keptResults.value = keptResults.value.filter((kept) => kept !== result)
}

async function readFile(file: File): Promise<BenchResult> {
  if (file.size > MAX_RESULT_BYTES) throw tooLarge(file.name)
  return readResult(await file.text(), file.name)
}

const isSame = (a: BenchResult, b: BenchResult): boolean => JSON.stringify(a) === JSON.stringify(b)
