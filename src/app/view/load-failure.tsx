// Error card for a model that failed to load or was lost, with ways to continue.
import type { Failure } from '../state/failure.ts'
import type { ModelChoice } from '../state/loading.ts'
import { openDialog } from '../state/models.ts'
import { openBundledModel, openModel, start } from '../state/opening.ts'
import { ErrorCard } from './error-card.tsx'

export function LoadFailure({ failure, entry }: { failure: Failure; entry: ModelChoice | undefined }) {
  return (
    <ErrorCard title={titleOf(failure)} failure={failure}>
      <button class="primary" type="button" onClick={() => void (entry ? openModel(entry) : start())}>
        Try again
      </button>
      {entry && !entry.bundled && (
        <button class="quiet" type="button" onClick={() => void openBundledModel()}>
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
  if (code === 'device_lost') return 'The GPU was lost'
  return code === 'aborted' ? 'Loading was cancelled' : 'The model could not be loaded'
}
