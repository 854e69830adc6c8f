// Edited kernel sources of this tab. Each survives while another kernel is shown.
import { computed, signal } from '@preact/signals'
import { kernelView } from './kernel-view.ts'

const editedSources = signal<ReadonlyMap<string, string>>(new Map())

/** The edited source of the chosen kernel; undefined if it is the engine's own. */
export const editedSource = computed<string | undefined>(() =>
  editedSources.value.get(kernelView.value?.source ?? ''),
)

export function editSource(source: string): void {
  if (kernelView.value)
    editedSources.value = new Map(editedSources.value).set(kernelView.value.source, source)
}

/** Goes back to the engine's source. */
export function resetSource(): void {
  const others = new Map(editedSources.value)
  others.delete(kernelView.value?.source ?? '')
  editedSources.value = others
}
