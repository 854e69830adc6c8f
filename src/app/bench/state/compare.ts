// Answers: which results stand side by side? The latest run's, those kept from earlier, and those from files. It must not know how they look.
import { computed, signal } from '@preact/signals'
import type { BenchResult } from '../../../bench/result.ts'
import { HadalError } from '../../../lib/error.ts'
import type { Failure } from '../../state/chat.ts'
import { failureOf } from '../../state/opening.ts'
import { MOST_BYTES, readResult } from './read-result.ts'
import { found } from './run.ts'
import type { Shown } from './series.ts'

/** More than these cannot be told apart in one picture. */
const MOST_RESULTS = 6

const kept = signal<readonly BenchResult[]>([])
export const importFailures = signal<readonly Failure[]>([])

/** All results; the latest run's first. */
export const shown = computed<readonly Shown[]>(() =>
  [...latest(), ...kept.value].map((result, index) => ({
    letter: String.fromCharCode(65 + index),
    result,
  })),
)

function latest(): BenchResult[] {
  return found.value && !isKept(found.value) ? [found.value] : []
}

/** Reads files; each that is no result is refused with its reason, the others are shown. */
export async function importFiles(files: readonly File[]): Promise<void> {
  const read = await Promise.allSettled(files.slice(0, MOST_RESULTS).map(readFile))
  importFailures.value = read.flatMap((each) => (each.status === 'rejected' ? [failureOf(each.reason)] : []))
  for (const each of read) {
    if (each.status === 'fulfilled') keep(each.value)
  }
}

/** Keeps a result beside those of later runs. */
export function keep(result: BenchResult): void {
  if (kept.value.some((each) => isSame(each, result))) return
  kept.value = [...kept.value, result].slice(-(MOST_RESULTS - 1))
}

/** True when the latest run's result stays where it is when the next run begins. */
export const isKept = (result: BenchResult): boolean => kept.value.includes(result)

export function remove(result: BenchResult): void {
  if (found.value === result) found.value = undefined
  kept.value = kept.value.filter((each) => each !== result)
}

async function readFile(file: File): Promise<BenchResult> {
  if (file.size > MOST_BYTES) {
    throw new HadalError('bad_file', 'The file is larger than a result can be.', {
      file: file.name,
      hint: 'Choose a file that this page or the command line has exported.',
    })
  }
  return readResult(await file.text(), file.name)
}

const isSame = (a: BenchResult, b: BenchResult): boolean => JSON.stringify(a) === JSON.stringify(b)
