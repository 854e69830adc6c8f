// The load plan of the requested model: reading, planned or failed.

import { dialogStrings } from '../../strings/models-dialog.ts'
import { ErrorCard } from '../error-card.tsx'
import type { Failure } from '../failure.ts'
import { CopyReport } from './copy-report.tsx'
import { discardPlan, openForm, type PlanRequest, planState, requestPlan } from './dialog-state.ts'
import { PlanCard } from './plan-card.tsx'
import { TokenField } from './token-field.tsx'

/** Id of the heading that gets the focus. */
export const PLAN_TITLE = 'models-looked'

export function PlanResult() {
  const state = planState.value
  const texts = dialogStrings.value.plan
  if (state.phase === 'none') return null
  if (state.phase === 'planned')
    return (
      <PlanCard titleId={PLAN_TITLE} request={state.request} plan={state.plan} obstacle={state.obstacle} />
    )
  if (state.phase === 'failed') return <PlanFailure request={state.request} failure={state.failure} />
  return (
    <div class="planning">
      <h3 id={PLAN_TITLE} tabIndex={-1}>
        {texts.reading(state.request.label)}
      </h3>
      <progress aria-label={texts.readingLabel} />
      <button class="quiet" type="button" onClick={discardPlan}>
        {texts.cancel}
      </button>
    </div>
  )
}

function PlanFailure({ request, failure }: { request: PlanRequest; failure: Failure }) {
  const texts = dialogStrings.value.plan
  const gated = failure.code === 'no_access' && String(request.source).startsWith('hf:')
  const again = () => void requestPlan({ ...request, token: openForm.token.value.trim() })
  return (
    <ErrorCard titleId={PLAN_TITLE} title={texts.failed} failure={failure}>
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
        {texts.again}
      </button>
      <button class="quiet" type="button" onClick={discardPlan}>
        {texts.back}
      </button>
      <CopyReport />
    </ErrorCard>
  )
}
