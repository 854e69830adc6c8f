// Start screen: the model, its loading progress, and suggested questions.

import { openDialog } from '../shared/models/dialog-state.ts'
import { LoadFailure } from '../shared/models/load-failure.tsx'
import { LoadProgressView } from '../shared/models/load-progress.tsx'
import { currentChoice } from '../shared/models/load-state.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { ask, replacedConversation, undoNewChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'
import { Lanternfish } from './lanternfish.tsx'

const SUGGESTIONS = [
  'Who are you?',
  'What is 347 + 586?',
  'How many r are in strawberry?',
  'What is MLA?',
  'Tell me a very short story.',
  'What is the capital of France?',
]

export function Welcome() {
  const state = loadState.value
  const ready = state.phase === 'ready'
  const choice = currentChoice(state)
  const bundled = choice?.bundled ?? true
  const lit = ready ? 1 : state.phase === 'loading' ? (state.progress?.fraction ?? 0) : 0
  return (
    <section class="welcome" aria-label="Welcome">
      <Lanternfish lit={lit} busy={state.phase === 'loading'} />
      <h2>Down here, the model brings its own light.</h2>
      {state.phase !== 'failed' && (
        <p class="lead">
          {bundled ? 'Lanternfish is a tiny DeepSeek-style model. It runs' : `${choice?.name} runs`} in this
          tab, on your GPU. Nothing you write leaves this device.
        </p>
      )}
      {replacedConversation.value && (
        <p class="undo" role="status">
          Chat cleared.{' '}
          <button class="quiet" type="button" onClick={undoAndFocus}>
            Undo
          </button>
        </p>
      )}
      {(state.phase === 'loading' || state.phase === 'starting') && <LoadProgressView />}
      {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.choice} />}
      {ready && bundled && (
        <ul class="suggestions" aria-label="Suggested questions">
          {SUGGESTIONS.map((text) => (
            <li key={text}>
              <button type="button" onClick={() => void ask(text)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
      <p class="modest">{choice?.description}</p>
      {state.phase !== 'starting' && (
        <button class="quiet" type="button" onClick={openDialog}>
          Open another model…
        </button>
      )}
    </section>
  )
}

function undoAndFocus(): void {
  undoNewChat()
  focusQuestion()
}
