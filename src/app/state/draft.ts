// The question that is being written: what is typed, and what another app shares with this one.
import { signal } from '@preact/signals'

export const draft = signal('')
