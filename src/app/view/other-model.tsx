// Offers the model that a conversation was held with, where another one is loaded.
import { signal } from '@preact/signals'
import { storedModels } from '../../index.ts'
import type { ConversationModel } from '../conversations/types.ts'
import { checkSource } from '../shared/models/dialog-state.ts'
import { choiceFromStored } from '../shared/models/last-model.ts'
import { loadState, openBundledModel, openModel } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { modelOf } from '../state/generate.ts'
import { generating } from '../state/session.ts'
import { strings } from '../strings/strings.ts'

/** The conversation that goes on with the loaded model all the same. */
const kept = signal('')

export function OtherModel() {
  const text = strings.value.chat
  const state = loadState.value
  const { id, model: used } = conversation.value.info
  if (!used || state.phase !== 'ready' || generating.value || kept.value === id) return null
  const loaded = modelOf(state.choice)
  if (used.bundled === loaded.bundled && used.source === loaded.source && used.name === loaded.name)
    return null
  const reopenable = used.bundled || used.source !== undefined
  return (
    <aside class="other-model" aria-label={text.model}>
      <p role="status">{text.otherModel(used.name, loaded.name)}</p>
      {reopenable && (
        <button class="primary" type="button" onClick={() => void switchTo(used)}>
          {text.switchBack(used.name)}
        </button>
      )}
      <button
        class="quiet"
        type="button"
        onClick={() => {
          kept.value = id
        }}
      >
        {text.keepModel(loaded.name)}
      </button>
    </aside>
  )
}

/** Opens a model that was used before; one that is not on this device any more is planned first. */
async function switchTo({ bundled, source }: ConversationModel): Promise<void> {
  if (bundled) return openBundledModel()
  if (source === undefined) return
  const stored = (await storedModels()).find(({ key, complete }) => complete && key === source)
  if (stored) await openModel(choiceFromStored(stored))
  else checkSource(source)
}
