// Start screen: the model, its loading progress, and suggested questions.

import { openDialog } from '../shared/models/dialog-state.ts'
import { LoadFailure } from '../shared/models/load-failure.tsx'
import { LoadProgressView } from '../shared/models/load-progress.tsx'
import { currentChoice } from '../shared/models/load-state.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { ask } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { Lanternfish } from './lanternfish.tsx'

export function Welcome() {
  const text = strings.value.chat
  const state = loadState.value
  const ready = state.phase === 'ready'
  const choice = currentChoice(state)
  const bundled = choice?.bundled ?? true
  const lit = ready ? 1 : state.phase === 'loading' ? (state.progress?.fraction ?? 0) : 0
  return (
    <section class="welcome" aria-label={text.welcome}>
      <Lanternfish lit={lit} busy={state.phase === 'loading'} />
      <h2>{text.motto}</h2>
      {state.phase !== 'failed' && (
        <p class="lead">{text.lead(bundled ? text.bundledLead : text.otherLead(choice?.name ?? ''))}</p>
      )}
      {(state.phase === 'loading' || state.phase === 'starting') && <LoadProgressView />}
      {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.choice} />}
      {ready && bundled && (
        <ul class="suggestions" aria-label={text.suggestions}>
          {text.suggested.map((question) => (
            <li key={question}>
              <button type="button" onClick={() => void ask(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
      <p class="modest">{choice?.description}</p>
      {state.phase !== 'starting' && (
        <button class="quiet" type="button" onClick={openDialog}>
          {text.chooseModel}
        </button>
      )}
    </section>
  )
}
