// Answers: what does someone see before the first question? Who is here, how far the loading is, and what could be asked.
// It must not know how a model is loaded.
import { fractionOf } from '../state/loading.ts'
import { openDialog } from '../state/models.ts'
import { load } from '../state/opening.ts'
import { ask, givenUp, undoNewChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'
import { Lanternfish } from './lanternfish.tsx'
import { LoadFailure } from './load-failure.tsx'
import { LoadProgressView } from './load-progress.tsx'

const suggestions = [
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
  const bundled = !('entry' in state) || state.entry === undefined || state.entry.bundled
  const lit = ready ? 1 : state.phase === 'loading' ? fractionOf(state.progress) : 0
  return (
    <section class="welcome" aria-label="Welcome">
      <Lanternfish lit={lit} busy={state.phase === 'loading'} />
      <h2>Down here, the model brings its own light.</h2>
      {state.phase !== 'failed' && (
        <p class="lead">
          {bundled ? 'Lanternfish is a tiny DeepSeek-style model. It runs' : `${state.entry.name} runs`}{' '}
          inside this tab, on your GPU; nothing you write leaves this device.
        </p>
      )}
      {givenUp.value && (
        <p class="undo" role="status">
          The last chat is forgotten.{' '}
          <button class="quiet" type="button" onClick={undo}>
            Undo
          </button>
        </p>
      )}
      {(state.phase === 'loading' || state.phase === 'starting') && <LoadProgressView />}
      {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.entry} />}
      {ready && bundled && (
        <ul class="suggestions" aria-label="Questions to begin with">
          {suggestions.map((text) => (
            <li key={text}>
              <button type="button" onClick={() => void ask(text)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
      <p class="modest">{'entry' in state ? state.entry?.description : ''}</p>
      {state.phase !== 'starting' && (
        <button class="quiet" type="button" onClick={openDialog}>
          Open another model…
        </button>
      )}
    </section>
  )
}

function undo(): void {
  undoNewChat()
  focusQuestion()
}
