// What reaches the page from outside: text shared by another app, files opened with it, and its shortcuts.
import { attachFiles } from '../documents/attachments.ts'
import { requestPlan } from '../shared/models/dialog-state.ts'
import { areModelFiles } from '../shared/models/picked-files.ts'
import { newConversation } from './conversations.ts'
import { draft } from './draft.ts'

/** The names in `share_target` of the manifest. */
const SHARED = ['title', 'text', 'url'] as const

/** Takes shared text into the question. Any site can link here with text, so nothing is sent by itself. */
export function receiveArrivals(): void {
  const address = new URL(location.href)
  const { searchParams } = address
  const shared = SHARED.flatMap((name) => searchParams.get(name)?.trim() || [])
  if (searchParams.has('new') || shared.length > 0) newConversation()
  if (shared.length > 0) draft.value = [...new Set(shared)].join('\n')
  for (const name of [...SHARED, 'new']) searchParams.delete(name)
  if (address.href !== location.href) history.replaceState(history.state, '', address)
  window.launchQueue?.setConsumer(({ files }) => void openFiles(files))
}

async function openFiles(handles: readonly FileSystemFileHandle[]): Promise<void> {
  const files = await Promise.all(handles.map((handle) => handle.getFile()))
  if (areModelFiles(files)) await requestPlan({ source: files, label: files[0]?.name ?? '', token: '' })
  else if (files.length > 0) await attachFiles(files)
}
