// Header button that names the current model and opens the models dialog.
import { strings } from '../../strings/strings.ts'
import { openDialog } from './dialog-state.ts'
import { currentChoice } from './load-state.ts'
import { loadState } from './model-choice.ts'

export function ModelButton() {
  const texts = strings.value.models.dialog
  return (
    <button class="quiet model" type="button" aria-haspopup="dialog" onClick={openDialog}>
      <span class="unseen">{texts.button}</span>
      <span class="cut">{currentChoice(loadState.value)?.name ?? texts.none}</span>
    </button>
  )
}
