// Answers: how is what tuning measured told in words? Decisions and variants without a name of their own go by the one that they are stored
// under. It must not know how anything is measured, nor where it is kept.
import type { LabInfo, StoredTuning, TunedDecision, TunedVariant } from '../../../lab/protocol.ts'
import { isDecision } from './choices.ts'
import { decisionName, variantName } from './words.ts'

/** What came of one variant: taken in place of the default, kept as the default, beaten, or wrong. */
export type Verdict = 'taken' | 'stays' | 'default' | 'other' | 'wrong'

export function verdictOf({ before, winner }: TunedDecision, { variant, right }: TunedVariant): Verdict {
  if (!right) return 'wrong'
  if (variant === winner) return winner === before ? 'stays' : 'taken'
  return variant === before ? 'default' : 'other'
}

export const VERDICT_NAMES: Readonly<Record<Verdict, string>> = {
  taken: 'taken',
  stays: 'the default, stays',
  default: 'the default',
  other: '',
  wrong: 'computes wrongly',
}

/** Empty for what was not timed. */
export const multiple = ({ right, time }: TunedVariant): string => (right ? `${time.toFixed(2)} ×` : '')
export const spreadOf = ({ right, spread }: TunedVariant): string => (right ? `± ${spread.toFixed(2)}` : '')

/** A decision in a sentence, with what computes wrongly. */
export function saidOf(row: TunedDecision): string {
  const { decision, before, winner, variants } = row
  const time = variants.find(({ variant }) => variant === winner)?.time ?? 1
  const fate =
    winner === before
      ? 'the default stays'
      : `${variantName(decision, winner)}, ${time.toFixed(2)} × the default’s time`
  const wrong = variants
    .filter(({ right }) => !right)
    .map(({ variant }) => `${variantName(decision, variant)} computes wrongly`)
  return `${[`${decisionName(decision)}: ${fate}`, ...wrong].join('; ')}.`
}

/** How it ended, in a sentence. */
export function foundOf(rows: readonly TunedDecision[]): string {
  const other = rows.filter(({ before, winner }) => before !== winner).length
  if (other === 0) return 'The defaults are the quickest here.'
  return `${other} of ${rows.length} decisions got another variant than the default.`
}

/** What is stored, as far as a load believes it: what this device cannot run is left out. */
export function storedLines(
  stored: StoredTuning,
  { possible }: Pick<LabInfo, 'possible'>,
): readonly (readonly [decision: string, variant: string])[] {
  const runs = ([decision, variant]: readonly [string, string | number]) =>
    !isDecision(decision, possible) || (possible[decision] as readonly (string | number)[]).includes(variant)
  return Object.entries(stored)
    .filter(runs)
    .map(([decision, variant]) => [decisionName(decision), variantName(decision, variant)])
}
