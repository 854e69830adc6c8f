// Error card for a model that failed to load or was lost, with ways to continue.
import { strings } from '../../strings/strings.ts'
import { ErrorCard } from '../error-card.tsx'
import type { Failure } from '../failure.ts'
import { FailureActions } from './failure-actions.tsx'
import type { ModelChoice } from './load-state.ts'

export function LoadFailure({ failure, entry }: { failure: Failure; entry: ModelChoice | undefined }) {
  return (
    <ErrorCard title={titleOf(failure)} failure={failure}>
      <FailureActions failure={failure} entry={entry} />
    </ErrorCard>
  )
}

function titleOf({ code }: Failure): string {
  const texts = strings.value.models.failure
  if (code === 'device_lost') return texts.gpuLost
  return code === 'aborted' ? texts.cancelled : texts.failed
}
