// Header of the chat page: links to the other pages and the New chat button.

import { Header } from '../shared/header.tsx'
import { ChartIcon, LensIcon, NewIcon } from '../shared/icons.tsx'
import { Wordmark } from '../shared/wordmark.tsx'
import { conversation, newChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'

/** `chatting`: the page shows a chat, not the WebGPU instructions. */
export function ChatHeader({ chatting }: { chatting: boolean }) {
  const name = (
    <h1 class="name">
      <Wordmark />
    </h1>
  )
  return (
    <Header name={name} models={chatting}>
      <a class="quiet" href="bench/" title="Measure what the KV cache costs on this device">
        <ChartIcon /> <span class="words">Benchmark</span>
      </a>
      <a class="quiet" href="lab/" title="Check, time and edit the GPU kernels">
        <LensIcon /> <span class="words">Kernel lab</span>
      </a>
      {chatting && (
        <button
          class="quiet"
          type="button"
          disabled={conversation.value.turns.length === 0}
          onClick={startNewChat}
        >
          <NewIcon /> <span class="words">New chat</span>
        </button>
      )}
    </Header>
  )
}

function startNewChat(): void {
  newChat()
  focusQuestion()
}
