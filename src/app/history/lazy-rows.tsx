// The rows of the list, loaded once there is a conversation to list.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const loaded = signal<typeof import('./list.tsx') | undefined>(undefined)

export function LazyRows() {
  useEffect(() => {
    void import('./list.tsx').then((list) => {
      loaded.value = list
    })
  }, [])
  return loaded.value ? <loaded.value.ConversationRows /> : <div class="rows" aria-busy="true" />
}
