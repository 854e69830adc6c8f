// Answers: what is shown of a model that was asked for: that it is being looked at, its plan, or why there is none?
// It must not know what a plan says.
import type { Failure } from '../../state/chat.ts'
import { type Asked, forget, form, look, lookAt } from '../../state/models.ts'
import { ErrorCard } from '../error-card.tsx'
import { PlanCard } from './plan-card.tsx'
import { TokenField } from './token-field.tsx'

/** Where the keyboard begins, and a screen reader reads on, whatever is shown. */
export const LOOKED_TITLE = 'models-looked'

export function Looked() {
  const state = look.value
  if (state.phase === 'none') return null
  if (state.phase === 'planned')
    return <PlanCard titleId={LOOKED_TITLE} asked={state.asked} plan={state.plan} />
  if (state.phase === 'failed') return <LookFailure asked={state.asked} failure={state.failure} />
  return (
    <div class="looking">
      <h3 id={LOOKED_TITLE} tabIndex={-1}>
        Reading the list of weights of {state.asked.label}…
      </h3>
      <progress aria-label="Reading the list of weights" />
      <button class="quiet" type="button" onClick={forget}>
        Cancel
      </button>
    </div>
  )
}

function LookFailure({ asked, failure }: { asked: Asked; failure: Failure }) {
  const gated = failure.code === 'no_access' && String(asked.place).startsWith('hf:')
  const again = () => void lookAt({ ...asked, token: form.token.value.trim() })
  return (
    <ErrorCard titleId={LOOKED_TITLE} title="This model cannot be read" failure={failure}>
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
      <button class="quiet" type="button" onClick={forget}>
        Back
      </button>
    </ErrorCard>
  )
}
