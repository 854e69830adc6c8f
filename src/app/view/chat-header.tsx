// Answers: what stands at the top of the chat page? What every page has there, the ways to the others, and a new chat.
// It must not know how a chat goes on.
import { chat, newChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'
import { Header } from './header.tsx'
import { ChartIcon, LensIcon, NewIcon } from './icons.tsx'
import { Wordmark } from './wordmark.tsx'

/** `chatting`: there is a chat that can be started over. */
export function ChatHeader({ chatting }: { chatting: boolean }) {
  const name = (
    <h1 class="name">
      <Wordmark />
    </h1>
  )
  return (
    <Header name={name} models={chatting}>
      <a class="quiet" href="bench/" title="What keys and values cost, measured on this device">
        <ChartIcon /> <span class="words">Benchmark</span>
      </a>
      <a class="quiet" href="lab/" title="The kernels, proven, timed and open to change">
        <LensIcon /> <span class="words">Kernel lab</span>
      </a>
      {chatting && (
        <button class="quiet" type="button" disabled={chat.value.turns.length === 0} onClick={startOver}>
          <NewIcon /> <span class="words">New chat</span>
        </button>
      )}
    </Header>
  )
}

function startOver(): void {
  newChat()
  focusQuestion()
}
