// Answers: what is chosen now? Page and address keep in step: the address is read when the device is known, since what it may name depends on
// that, and rewritten when something is chosen. It must not know what the choices do.
import { computed, effect, signal } from '@preact/signals'
import type { Effort, Experiment, LabInfo } from '../../../lab/protocol.ts'
import { device } from './device.ts'
import { readLink, writeLink } from './link.ts'

/** Undefined until a device is open; then for good, also when the device is lost. */
export const info = signal<LabInfo | undefined>(undefined)
export const experiment = signal<Experiment | undefined>(undefined)
export const effort = signal<Effort | undefined>(undefined)
/** Parts of the address that were not understood. */
export const refused = signal<readonly string[]>([])
export const ready = computed(() => device.value.phase === 'ready')

const { hash } = location

export function followAddress(): void {
  effect(() => {
    if (device.value.phase !== 'ready') return
    const first = info.peek() === undefined
    info.value = device.value.info
    if (!first) return
    const link = readLink(hash, device.value.info)
    experiment.value = link.experiment
    effort.value = link.effort
    refused.value = link.refused
  })
  effect(() => {
    if (experiment.value && effort.value)
      history.replaceState(null, '', `#${writeLink(experiment.value, effort.value)}`)
  })
}
