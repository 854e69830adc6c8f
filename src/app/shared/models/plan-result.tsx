// The load plan of the requested model: reading, planned or failed.

import { ErrorCard } from '../error-card.tsx'
import type { Failure } from '../failure.ts'
import { discardPlan, openForm, type PlanRequest, planState, requestPlan } from './dialog-state.ts'
import { PlanCard } from './plan-card.tsx'
import { TokenField } from './token-field.tsx'

/** Id of the heading that gets the focus. */
export const PLAN_TITLE = 'models-looked'

export function PlanResult() {
  const state = planState.value
  if (state.phase === 'none') return null
  if (state.phase === 'planned')
    return <PlanCard titleId={PLAN_TITLE} request={state.request} plan={state.plan} />
  if (state.phase === 'failed') return <PlanFailure request={state.request} failure={state.failure} />
  return (
    <div class="planning">
      <h3 id={PLAN_TITLE} tabIndex={-1}>
        Reading the weight list of {state.request.label}…
      </h3>
      <progress aria-label="Reading the weight list" />
      <button class="quiet" type="button" onClick={discardPlan}>
        Cancel
      </button>
    </div>
  )
}

function PlanFailure({ request, failure }: { request: PlanRequest; failure: Failure }) {
  const gated = failure.code === 'no_access' && String(request.source).startsWith('hf:')
  const again = () => void requestPlan({ ...request, token: openForm.token.value.trim() })
  return (
    <ErrorCard titleId={PLAN_TITLE} title="This model cannot be read" failure={failure}>
      {gated && (
        <form
          class="token"
          onSubmit={(event) => {
            event.preventDefault()
            again()
          }}
        >
          <TokenField />
        </form>
      )}
      <button class="primary" type="button" onClick={again}>
        Try again
      </button>
      <button class="quiet" type="button" onClick={discardPlan}>
        Back
      </button>
    </ErrorCard>
  )
}
