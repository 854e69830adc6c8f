// The current choices of the lab, kept in step with the address. The address is read once the device is
// known, because the valid choices depend on the device.
import { computed, effect, signal } from '@preact/signals'
import type { Experiment, LabInfo, TimingSettings } from '../../../bench/lab/protocol.ts'
import { keepAddress } from '../../shared/permalink.tsx'
import { labDevice } from './device.ts'
import { readLabLink, writeLabLink } from './link.ts'

/** Undefined until a device is open. Stays defined after the device is lost. */
export const labInfo = signal<LabInfo | undefined>(undefined)
export const experiment = signal<Experiment | undefined>(undefined)
export const effort = signal<TimingSettings | undefined>(undefined)
/** Names of the parts of the address that were not understood. */
export const unreadLinkParts = signal<readonly string[]>([])
export const deviceReady = computed(() => labDevice.value.phase === 'ready')

const { hash } = location

/** Applies the address when the first device opens, and rewrites it on every change. */
export function syncAddress(): void {
  effect(() => {
    if (labDevice.value.phase !== 'ready') return
    const first = labInfo.peek() === undefined
    labInfo.value = labDevice.value.info
    if (!first) return
    const link = readLabLink(hash, labDevice.value.info)
    experiment.value = link.experiment
    effort.value = link.effort
    unreadLinkParts.value = link.refused
  })
  keepAddress(() => experiment.value && effort.value && writeLabLink(experiment.value, effort.value))
}
