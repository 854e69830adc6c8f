// Header button that names the current model and opens the models dialog.
import { openDialog } from './dialog-state.ts'
import { currentChoice } from './load-state.ts'
import { loadState } from './model-choice.ts'

export function ModelButton() {
  return (
    <button class="quiet model" type="button" aria-haspopup="dialog" onClick={openDialog}>
      <span class="unseen">Model: </span>
      <span class="cut">{currentChoice(loadState.value)?.name ?? 'Models'}</span>
    </button>
  )
}
