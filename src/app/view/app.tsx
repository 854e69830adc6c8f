// Layout of the chat page.
import { useSignal } from '@preact/signals'
import { load } from '../state/opening.ts'
import { conversation } from '../state/session.ts'
import { Announcer } from './announcer.tsx'
import { ChatHeader } from './chat-header.tsx'
import { Composer } from './composer.tsx'
import { Gauges } from './instruments.tsx'
import { ModelsDialog } from './models/dialog.tsx'
import { dropTarget } from './models/drop.ts'
import { NoWebGpuPage } from './no-webgpu-page.tsx'
import { GaugeStrip } from './strip.tsx'
import { Thread } from './thread.tsx'
import { Welcome } from './welcome.tsx'

export function App() {
  const panelOpen = useSignal(false)
  if (load.value.phase === 'no-webgpu') {
    return (
      <div class="page alone">
        <ChatHeader chatting={false} />
        <NoWebGpuPage missing={load.value.missing} />
      </div>
    )
  }
  const empty = conversation.value.turns.length === 0
  return (
    <div class="page" {...dropTarget}>
      <a class="skip" href="#question">
        Skip to the question
      </a>
      <ChatHeader chatting />
      <main class="chat" aria-label="Chat">
        {empty ? <Welcome /> : <Thread />}
        <GaugeStrip open={panelOpen} />
        <Composer />
      </main>
      <Gauges open={panelOpen.value} />
      <Announcer />
      <ModelsDialog />
    </div>
  )
}
