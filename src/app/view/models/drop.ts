// Answers: what happens when a folder is dropped on the page? Its files are looked at, in place. It must not know what a model is.
import { lookAt } from '../../state/models.ts'
import { droppedFiles } from '../../state/picked-files.ts'

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

/** For the element that fills the page. */
export const dropTarget = {
  onDragOver(event: DragEvent) {
    if (carriesFiles(event)) event.preventDefault()
  },
  async onDrop(event: DragEvent) {
    if (!carriesFiles(event) || !event.dataTransfer) return
    event.preventDefault()
    const { name, files } = await droppedFiles(event.dataTransfer)
    await lookAt({ place: files, label: name, token: '' })
  },
}
