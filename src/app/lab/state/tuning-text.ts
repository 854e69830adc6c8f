// Texts of the tuning results: one per variant, one per decision, one for the whole.
import type { LabInfo, StoredTuning, TunedDecision, TunedVariant } from '../../../bench/lab/protocol.ts'
import { decisionName, variantName } from './display-names.ts'
import { isDecision } from './experiment-choices.ts'

/** Fate of a variant: replaces the default, stays the default, loses as the default, loses, or is wrong. */
export type VariantVerdict = 'taken' | 'stays' | 'default' | 'other' | 'wrong'

export function variantVerdictOf(
  { before, winner }: TunedDecision,
  { variant, passed }: TunedVariant,
): VariantVerdict {
  if (!passed) return 'wrong'
  if (variant === winner) return winner === before ? 'stays' : 'taken'
  return variant === before ? 'default' : 'other'
}

export const VERDICT_NAMES: Readonly<Record<VariantVerdict, string>> = {
  taken: 'taken',
  stays: 'the default, stays',
  default: 'the default',
  other: '',
  wrong: 'gives wrong results',
}

/** `0.87 ×` the time of the default; empty if the variant was not timed. */
export const timeRatioText = ({ passed, time }: TunedVariant): string =>
  passed ? `${time.toFixed(2)} ×` : ''
export const timeSpreadText = ({ passed, spread }: TunedVariant): string =>
  passed ? `± ${spread.toFixed(2)}` : ''

/** One decision in a sentence, with the variants that give wrong results. */
export function decisionSentence(row: TunedDecision): string {
  const { decision, before, winner, variants } = row
  const time = variants.find(({ variant }) => variant === winner)?.time ?? 1
  const outcome =
    winner === before
      ? 'the default stays'
      : `${variantName(decision, winner)}, ${time.toFixed(2)} × the default’s time`
  const wrong = variants
    .filter(({ passed }) => !passed)
    .map(({ variant }) => `${variantName(decision, variant)} gives wrong results`)
  return `${[`${decisionName(decision)}: ${outcome}`, ...wrong].join('; ')}.`
}

/** The outcome of the tuning in a sentence. */
export function tuningSentence(rows: readonly TunedDecision[]): string {
  const changed = rows.filter(({ before, winner }) => before !== winner).length
  if (changed === 0) return 'The defaults are fastest here.'
  return `${changed} of ${rows.length} decisions changed from the default.`
}

/** Names of the stored variants. Those that this device cannot run are left out, as a load ignores them. */
export function storedVariantNames(
  stored: StoredTuning,
  { possible }: Pick<LabInfo, 'possible'>,
): readonly (readonly [decision: string, variant: string])[] {
  const runs = ([decision, variant]: readonly [string, string | number]) =>
    !isDecision(decision, possible) || (possible[decision] as readonly (string | number)[]).includes(variant)
  return Object.entries(stored)
    .filter(runs)
    .map(([decision, variant]) => [decisionName(decision), variantName(decision, variant)])
}
