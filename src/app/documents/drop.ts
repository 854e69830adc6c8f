// Takes what is dropped or pasted: model folders open the models dialog, other files are attached.
import { signal } from '@preact/signals'
import { dropHandlers as modelDrop, opensModel } from '../shared/models/drop.ts'
import { attachFiles } from './attachments.ts'

/** Files are held over the page. */
export const filesAbove = signal(false)

const carriesFiles = (data: DataTransfer | null) => data?.types.includes('Files') === true

/** Event handlers for the element that fills the page. */
export const dropHandlers = {
  onDragOver(event: DragEvent) {
    modelDrop.onDragOver(event)
    filesAbove.value = carriesFiles(event.dataTransfer)
  },
  onDragLeave({ relatedTarget }: DragEvent) {
    if (relatedTarget === null) filesAbove.value = false
  },
  async onDrop(event: DragEvent) {
    filesAbove.value = false
    const { dataTransfer } = event
    if (!dataTransfer || !carriesFiles(dataTransfer) || opensModel(dataTransfer))
      return modelDrop.onDrop(event)
    event.preventDefault()
    await attachFiles([...dataTransfer.files])
  },
}

/** Attaches pasted files; pasted text goes into the question as always. */
export function onPaste(event: ClipboardEvent): void {
  const files = [...(event.clipboardData?.files ?? [])]
  if (files.length === 0) return
  event.preventDefault()
  void attachFiles(files)
}
