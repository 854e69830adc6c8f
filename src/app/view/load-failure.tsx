// Answers: what can be done when the model could not be loaded, or was lost? It must not know why.
import type { Failure } from '../state/chat.ts'
import { start } from '../state/session.ts'
import { ErrorCard } from './error-card.tsx'

export function LoadFailure({ failure }: { failure: Failure }) {
  const title = failure.code === 'device_lost' ? 'The GPU went away' : 'The model could not be loaded'
  return (
    <ErrorCard title={title} failure={failure}>
      <button class="primary" type="button" onClick={() => void start()}>
        Try again
      </button>
    </ErrorCard>
  )
}
