// The rows of the list, loaded once there is a conversation to list.
import { onDemand } from '../shared/on-demand.ts'

const useList = onDemand(() => import('./list.tsx'))

export function LazyRows() {
  const list = useList()
  return list ? <list.ConversationRows /> : <div class="rows" aria-busy="true" />
}
