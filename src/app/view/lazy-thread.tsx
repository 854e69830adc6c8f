// The thread, loaded with the first question: a page without one needs neither it nor what reads Markdown.
import { onDemand, partMissing } from '../shared/on-demand.ts'
import { PartLoading } from '../shared/part-loading.tsx'
import { strings } from '../strings/strings.ts'

const useThread = onDemand(() => import('./thread.tsx'))

export function LazyThread() {
  const thread = useThread()
  if (thread) return <thread.Thread />
  return (
    <section class="thread" aria-busy={!partMissing.value} aria-label={strings.value.chat.conversation}>
      {partMissing.value && <PartLoading />}
    </section>
  )
}
