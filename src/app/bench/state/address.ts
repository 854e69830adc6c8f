// Answers: how do page and address keep in step? The address is read once, and rewritten when something is chosen.
// It must not know what the settings do.
import { effect, signal } from '@preact/signals'
import { load } from '../../state/opening.ts'
import type { Calculation } from './calculation.ts'
import { readLink, writeLink } from './link.ts'
import { chosen, settings } from './run.ts'

const link = readLink(location.hash)

export const calculation = signal<Calculation>(link.calculation)
/** Parts of the address that were not understood. */
export const refused: readonly string[] = link.refused
/** A model that the address asks for. It is opened only if the person wants it: that asks a foreign host. */
export const askedModel: string | undefined = link.model

/** From now on the address says what is chosen. */
export function followAddress(): void {
  chosen.value = link.settings
  effect(() =>
    history.replaceState(null, '', `#${writeLink(settings.value, calculation.value, modelPlace())}`),
  )
}

/** Where the loaded model is, if others can open it too; until one is loaded, the one that was asked for. */
function modelPlace(): string | undefined {
  const state = load.value
  if (state.phase !== 'ready') return link.model
  const { bundled, place } = state.entry
  return bundled || typeof place !== 'string' ? undefined : place
}
