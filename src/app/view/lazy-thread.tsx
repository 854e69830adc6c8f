// The thread, loaded with the first question: a page without one needs neither it nor what reads Markdown.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { strings } from '../strings/strings.ts'

const loaded = signal<typeof import('./thread.tsx') | undefined>(undefined)

export function LazyThread() {
  useEffect(() => {
    if (!loaded.value)
      void import('./thread.tsx').then((thread) => {
        loaded.value = thread
      })
  }, [])
  if (loaded.value) return <loaded.value.Thread />
  return <section class="thread" aria-busy="true" aria-label={strings.value.chat.conversation} />
}
