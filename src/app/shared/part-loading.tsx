// Stands where a part of the page will be, and says if it cannot be loaded.
import { strings } from '../strings/strings.ts'
import { partMissing } from './on-demand.ts'

export function PartLoading() {
  const text = strings.value.app
  if (!partMissing.value) return <p role="status">{text.loading}</p>
  return (
    <div role="alert">
      <p>{text.partMissing}</p>
      <button class="quiet" type="button" onClick={() => location.reload()}>
        {text.reload}
      </button>
    </div>
  )
}
