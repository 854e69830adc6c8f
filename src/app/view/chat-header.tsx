// Header of the chat page: the model button and the New chat button.

import { HistoryButton } from '../history/history.tsx'
import { listShown, startNewChat } from '../history/state.ts'
import { PreferencesButton } from '../preferences/menu.tsx'
import { Header } from '../shared/header.tsx'
import { NewIcon } from '../shared/icons.tsx'
import { ModelButton } from '../shared/models/model-button.tsx'
import { modelSaved } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { strings } from '../strings/strings.ts'

/** `chatting`: the page shows a chat, not the WebGPU instructions. */
export function ChatHeader({ chatting }: { chatting: boolean }) {
  return (
    <Header
      page="chat"
      saved={modelSaved.value}
      start={chatting && <HistoryButton />}
      actions={
        <>
          {chatting && !listShown.value && <NewChatButton />}
          <PreferencesButton />
        </>
      }
    >
      {chatting && <ModelButton />}
    </Header>
  )
}

function NewChatButton() {
  return (
    <button
      class="quiet"
      type="button"
      disabled={conversation.value.messages.length === 0}
      onClick={startNewChat}
    >
      <NewIcon /> <span class="words">{strings.value.chat.newChat}</span>
    </button>
  )
}
