// Layout of the chat page.
import { useSignal } from '@preact/signals'
import { dropHandlers } from '../documents/drop.ts'
import { DropHint } from '../documents/drop-hint.tsx'
import { History } from '../history/history.tsx'
import { ModelsDialog } from '../shared/models/dialog.tsx'
import { DownloadBar } from '../shared/models/download-list.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { RecoveryStatus } from '../shared/models/recovery-status.tsx'
import { Shortcuts } from '../shortcuts/shortcuts.tsx'
import { conversation } from '../state/conversations.ts'
import { generating } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { Announcer } from './announcer.tsx'
import { ChatHeader } from './chat-header.tsx'
import { Composer } from './composer.tsx'
import { GaugeStrip } from './gauge-strip.tsx'
import { Gauges } from './gauges.tsx'
import { LazyHelp } from './lazy-help.tsx'
import { LazyThread } from './lazy-thread.tsx'
import { OtherModel } from './other-model.tsx'
import { Welcome } from './welcome.tsx'

export function App() {
  const panelOpen = useSignal(false)
  if (loadState.value.phase === 'no-webgpu') {
    return (
      <div class="page alone">
        <ChatHeader chatting={false} />
        <LazyHelp missing={loadState.value.missing} />
        <Shortcuts />
      </div>
    )
  }
  const text = strings.value.chat
  const empty = conversation.value.messages.length === 0
  return (
    <div class="page" {...dropHandlers}>
      <a class="skip" href="#question">
        {text.skip}
      </a>
      <ChatHeader chatting />
      <History />
      <main class="chat" aria-label={text.chat}>
        <DownloadBar />
        {empty ? <Welcome /> : <LazyThread />}
        <OtherModel />
        <RecoveryStatus waiting={generating.value ? text.answerWaits : text.questionsWait} />
        <GaugeStrip open={panelOpen} />
        <Composer />
      </main>
      <Gauges open={panelOpen.value} />
      <Announcer />
      <ModelsDialog />
      <DropHint />
      <Shortcuts />
    </div>
  )
}
