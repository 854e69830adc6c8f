// Keeps the benchmark page's address and its settings in step: reads the address once, then rewrites it
// when a setting changes.
import { signal } from '@preact/signals'
import { keepAddress } from '../../shared/permalink.ts'
import { load } from '../../state/opening.ts'
import type { CalculatorInputs } from './calculation.ts'
import { readLink, writeLink } from './link.ts'
import { chosenSettings, settings } from './run.ts'

const link = readLink(location.hash)

export const calculatorInputs = signal<CalculatorInputs>(link.calculation)
/** Names of the parts of the address that were not understood. */
export const unreadLinkParts: readonly string[] = link.refused
/**
 * The model that the address names. The user is asked before it is opened, since that contacts another host.
 */
export const linkedModel: string | undefined = link.model

/** Applies the settings of the address, then rewrites the address on every change. */
export function syncAddress(): void {
  chosenSettings.value = link.settings
  keepAddress(() => writeLink(settings.value, calculatorInputs.value, shareableSource()))
}

/** Source of the loaded model if others can open it too. Until a model is loaded: the one of the address. */
function shareableSource(): string | undefined {
  const state = load.value
  if (state.phase !== 'ready') return link.model
  const { bundled, place } = state.entry
  return bundled || typeof place !== 'string' ? undefined : place
}
