// Keeps the benchmark page's address and its settings in step: reads the address once, then rewrites it
// when a setting changes.
import { signal } from '@preact/signals'
import { loadState } from '../../shared/models/model-choice.ts'
import { keepAddress } from '../../shared/permalink.tsx'
import { chosenSettings, settings } from './bench-run.ts'
import type { CalculatorInputs } from './calculator-inputs.ts'
import { readBenchLink, writeBenchLink } from './link.ts'

const link = readBenchLink(location.hash)

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
  keepAddress(() => writeBenchLink(settings.value, calculatorInputs.value, shareableSource()))
}

/** Source of the loaded model if others can open it too. Until a model is loaded: the one of the address. */
function shareableSource(): string | undefined {
  const state = loadState.value
  if (state.phase !== 'ready') return link.model
  const { bundled, source } = state.choice
  return bundled || typeof source !== 'string' ? undefined : source
}
