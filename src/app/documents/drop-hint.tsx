// Says what a drop would do, while files are held over the page.
import { strings } from '../strings/strings.ts'
import { filesAbove } from './drop.ts'

export const DropHint = () =>
  filesAbove.value ? <p class="drop-hint">{strings.value.documents.dropHere}</p> : null
