// Error card for a model that failed to load or was lost, with ways to continue.

import { ErrorCard } from '../error-card.tsx'
import type { Failure } from '../failure.ts'
import { openDialog } from './dialog-state.ts'
import type { ModelChoice } from './load-state.ts'
import { loadInitialModel, openBundledModel, openModel } from './model-choice.ts'

export function LoadFailure({ failure, entry }: { failure: Failure; entry: ModelChoice | undefined }) {
  return (
    <ErrorCard title={titleOf(failure)} failure={failure}>
      <button
        class="primary"
        type="button"
        onClick={() => void (entry ? openModel(entry) : loadInitialModel())}
      >
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
