// Answers: which kernel's text was changed on this page, and to what? Each linked text has a version of one's own, which stays while another
// kernel is looked at. It must not know what the text does.
import { computed, signal } from '@preact/signals'
import { view } from './look.ts'

const changed = signal<ReadonlyMap<string, string>>(new Map())

/** The chosen kernel's text as it was changed here; undefined when it is the engine's own. */
export const edited = computed<string | undefined>(() => changed.value.get(view.value?.source ?? ''))

export function edit(text: string): void {
  if (view.value) changed.value = new Map(changed.value).set(view.value.source, text)
}

/** The text is again as the engine has it. */
export function reset(): void {
  const others = new Map(changed.value)
  others.delete(view.value?.source ?? '')
  changed.value = others
}
