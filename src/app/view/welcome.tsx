// Start screen: the model, its loading progress, and suggested questions.
import { currentChoice, loadedFraction } from '../state/loading.ts'
import { openDialog } from '../state/models.ts'
import { load } from '../state/opening.ts'
import { ask, replacedConversation, undoNewChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'
import { Lanternfish } from './lanternfish.tsx'
import { LoadFailure } from './load-failure.tsx'
import { LoadProgressView } from './load-progress.tsx'

const SUGGESTIONS = [
  'Who are you?',
  'What is 347 + 586?',
  'How many r are in strawberry?',
  'What is MLA?',
  'Tell me a very short story.',
  'What is the capital of France?',
]

export function Welcome() {
  const state = load.value
  const ready = state.phase === 'ready'
  const choice = currentChoice(state)
  const bundled = choice?.bundled ?? true
  const lit = ready ? 1 : state.phase === 'loading' ? loadedFraction(state.progress) : 0
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
      {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.entry} />}
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
