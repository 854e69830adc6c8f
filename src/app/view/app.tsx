// Answers: what is on the page? It must not know how any part of it works.
import { useSignal } from '@preact/signals'
import { load } from '../state/opening.ts'
import { chat } from '../state/session.ts'
import { Announcer } from './announcer.tsx'
import { ChatHeader } from './chat-header.tsx'
import { Composer } from './composer.tsx'
import { Instruments } from './instruments.tsx'
import { ModelsDialog } from './models/dialog.tsx'
import { dropTarget } from './models/drop.ts'
import { NoWebGpu } from './no-webgpu.tsx'
import { Strip } from './strip.tsx'
import { Thread } from './thread.tsx'
import { Welcome } from './welcome.tsx'

export function App() {
  const panelOpen = useSignal(false)
  if (load.value.phase === 'no-webgpu') {
    return (
      <div class="page alone">
        <ChatHeader chatting={false} />
        <NoWebGpu missing={load.value.missing} />
      </div>
    )
  }
  const empty = chat.value.turns.length === 0
  return (
    <div class="page" {...dropTarget}>
      <a class="skip" href="#question">
        Skip to the question
      </a>
      <ChatHeader chatting />
      <main class="chat" aria-label="Chat">
        {empty ? <Welcome /> : <Thread />}
        <Strip open={panelOpen} />
        <Composer />
      </main>
      <Instruments open={panelOpen.value} />
      <Announcer />
      <ModelsDialog />
    </div>
  )
}
