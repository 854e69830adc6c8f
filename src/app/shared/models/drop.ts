// Plans the model in a folder that is dropped on the page.
import { requestPlan } from './dialog-state.ts'
import { areModelFiles, droppedFiles } from './picked-files.ts'

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

/** Whether dropped data is of a model: a folder, or files with weights. Call it during the event. */
export const opensModel = ({ items, files }: DataTransfer): boolean =>
  [...items].some((item) => item.webkitGetAsEntry?.()?.isDirectory === true) || areModelFiles([...files])

/** Event handlers for the element that fills the page. */
export const dropHandlers = {
  onDragOver(event: DragEvent) {
    if (carriesFiles(event)) event.preventDefault()
  },
  async onDrop(event: DragEvent) {
    if (!carriesFiles(event) || !event.dataTransfer) return
    event.preventDefault()
    const { name, files } = await droppedFiles(event.dataTransfer)
    await requestPlan({ source: files, label: name, token: '' })
  },
}
