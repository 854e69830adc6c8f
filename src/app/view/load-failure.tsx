// Answers: what can be done when a model could not be loaded, or was lost? It must not know why.
import type { Failure } from '../state/chat.ts'
import type { Opening } from '../state/loading.ts'
import { openDialog } from '../state/models.ts'
import { open, openBundled, start } from '../state/opening.ts'
import { ErrorCard } from './error-card.tsx'

export function LoadFailure({ failure, entry }: { failure: Failure; entry: Opening | undefined }) {
  return (
    <ErrorCard title={titleOf(failure)} failure={failure}>
      <button class="primary" type="button" onClick={() => void (entry ? open(entry) : start())}>
        Try again
      </button>
      {entry && !entry.bundled && (
        <button class="quiet" type="button" onClick={() => void openBundled()}>
          Open Lanternfish
        </button>
      )}
      <button class="quiet" type="button" onClick={openDialog}>
        Choose a model…
      </button>
    </ErrorCard>
  )
}

function titleOf({ code }: Failure): string {
  if (code === 'device_lost') return 'The GPU went away'
  return code === 'aborted' ? 'Loading was cancelled' : 'The model could not be loaded'
}
