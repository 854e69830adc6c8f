// Texts of the tuning results: one per variant, one per decision, one for the whole.
import type { LabInfo, StoredTuning, TunedDecision, TunedVariant } from '../../../lab/protocol.ts'
import { isDecision } from './choices.ts'
import { decisionName, variantName } from './words.ts'

/** Fate of a variant: replaces the default, stays the default, loses as the default, loses, or is wrong. */
export type VariantVerdict = 'taken' | 'stays' | 'default' | 'other' | 'wrong'

export function verdictOf(
  { before, winner }: TunedDecision,
  { variant, right }: TunedVariant,
): VariantVerdict {
  if (!right) return 'wrong'
  if (variant === winner) return winner === before ? 'stays' : 'taken'
  return variant === before ? 'default' : 'other'
}

export const VERDICT_NAMES: Readonly<Record<VariantVerdict, string>> = {
  taken: 'taken',
  stays: 'the default, stays',
  default: 'the default',
  other: '',
  wrong: 'computes wrongly',
}

/** `0.87 ×` the time of the default; empty if the variant was not timed. */
export const multiple = ({ right, time }: TunedVariant): string => (right ? `${time.toFixed(2)} ×` : '')
export const timeSpreadText = ({ right, spread }: TunedVariant): string =>
  right ? `± ${spread.toFixed(2)}` : ''

/** One decision in a sentence, with the variants that give wrong results. */
export function saidOf(row: TunedDecision): string {
  const { decision, before, winner, variants } = row
  const time = variants.find(({ variant }) => variant === winner)?.time ?? 1
  const outcome =
    winner === before
      ? 'the default stays'
      : `${variantName(decision, winner)}, ${time.toFixed(2)} × the default’s time`
  const wrong = variants
    .filter(({ right }) => !right)
    .map(({ variant }) => `${variantName(decision, variant)} computes wrongly`)
  return `${[`${decisionName(decision)}: ${outcome}`, ...wrong].join('; ')}.`
}

/** The outcome of the tuning in a sentence. */
export function foundOf(rows: readonly TunedDecision[]): string {
  const changed = rows.filter(({ before, winner }) => before !== winner).length
  if (changed === 0) return 'The defaults are the quickest here.'
  return `${changed} of ${rows.length} decisions got another variant than the default.`
}

/** Names of the stored variants. Those that this device cannot run are left out, as a load ignores them. */
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
