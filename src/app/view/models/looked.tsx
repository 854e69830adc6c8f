// Answers: what is shown of a model that was asked for: that it is being looked at, its plan, or why there is none?
// It must not know what a plan says.
import { forget, look, lookAt } from '../../state/models.ts'
import { ErrorCard } from '../error-card.tsx'
import { PlanCard } from './plan-card.tsx'

export function Looked() {
  const state = look.value
  if (state.phase === 'none') return null
  if (state.phase === 'planned') return <PlanCard asked={state.asked} plan={state.plan} />
  if (state.phase === 'failed') {
    return (
      <ErrorCard title="This model cannot be read" failure={state.failure}>
        <button class="primary" type="button" onClick={() => void lookAt(state.asked)}>
          Try again
        </button>
        <button class="quiet" type="button" onClick={forget}>
          Back
        </button>
      </ErrorCard>
    )
  }
  return (
    <div class="looking">
      <p role="status">Reading the list of weights of {state.asked.label}…</p>
      <progress aria-label="Reading the list of weights" />
      <button class="quiet" type="button" onClick={forget}>
        Cancel
      </button>
    </div>
  )
}
