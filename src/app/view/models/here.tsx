// Answers: which models are on this device already, and what can be done with each? It must not know where they lie.
import { useSignal } from '@preact/signals'
import type { StoredModel } from '../../../index.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { isPackedForm, storedOpening } from '../../state/last-model.ts'
import {
  cancelExport,
  canPickFolders,
  exportModel,
  form,
  loadHere,
  lookAt,
  remove,
  stored,
  storeFailure,
  task,
} from '../../state/models.ts'
import { load } from '../../state/opening.ts'

const HERE_TITLE = 'models-here'

export function Here() {
  const failure = storeFailure.value
  return (
    <section aria-labelledby={HERE_TITLE}>
      <h3 id={HERE_TITLE} tabIndex={-1}>
        On this device
      </h3>
      <ul class="rows">
        <li>
          <p>
            <b>Lanternfish</b> <span class="figures">comes with the page</span>
          </p>
          <div class="actions">
            <OpenButton name="Lanternfish" isOpen={isOpen(undefined)} onOpen={() => loadHere('bundled')} />
          </div>
        </li>
        {stored.value.map((model) => (
          <Row key={model.place} model={model} />
        ))}
      </ul>
      {failure && (
        <p role="alert" class="failure">
          {failure.message} {failure.hint}
        </p>
      )}
    </section>
  )
}

function Row({ model }: { model: StoredModel }) {
  const { name, place, complete, kind } = model
  const own = task.value?.place === place ? task.value : undefined
  const busy = task.value !== undefined
  return (
    <li>
      <p>
        <b>{name}</b> <span class="figures">{sizeOf(model)}</span>
        <br />
        <span class="place">{place}</span>
      </p>
      <div class="actions">
        {complete && (
          <OpenButton name={name} isOpen={isOpen(place)} onOpen={() => loadHere(storedOpening(model))} />
        )}
        {!complete && kind === 'original' && (
          <button
            class="quiet"
            type="button"
            aria-label={`Continue ${name}`}
            onClick={() => void lookAt({ place, label: place, token: form.token.value.trim() })}
          >
            Continue…
          </button>
        )}
        {complete && canPickFolders() && (
          <button
            class="quiet"
            type="button"
            disabled={busy}
            aria-label={`Export ${name}`}
            onClick={() => void exportModel(model)}
          >
            Export…
          </button>
        )}
        <DeleteButton model={model} disabled={busy || isOpen(place)} />
      </div>
      {own?.doing === 'exporting' && (
        <p class="exporting" role="status">
          Exporting {own.progress?.file}
          <progress
            aria-label={`Exporting ${name}`}
            value={own.progress?.bytes ?? 0}
            max={own.progress?.totalBytes || 1}
          />
          <button class="quiet" type="button" onClick={cancelExport}>
            Cancel
          </button>
        </p>
      )}
    </li>
  )
}

/** What took hours to fetch goes at the second press only, and the first one says how much it is. */
function DeleteButton({ model, disabled }: { model: StoredModel; disabled: boolean }) {
  const asking = useSignal(false)
  const press = async ({ detail }: MouseEvent) => {
    // The second half of a double click was meant for the first question.
    if (asking.value && detail > 1) return
    asking.value = !asking.value
    if (asking.value) return
    await remove(model)
    // The row is gone, and the button with it.
    if (document.activeElement === document.body) document.getElementById(HERE_TITLE)?.focus()
  }
  return (
    <>
      <button
        class={asking.value ? 'quiet danger asking' : 'quiet danger'}
        type="button"
        disabled={disabled}
        onClick={(event) => void press(event)}
        onBlur={() => {
          asking.value = false
        }}
      >
        <span>
          Delete <span class="unseen">{model.name}</span>
          {asking.value && `${formatBytes(model.bytes)}?`}
        </span>
      </button>
      <span class="unseen" role="status">
        {asking.value && 'Press again to delete it.'}
      </span>
    </>
  )
}

function OpenButton({ name, isOpen, onOpen }: { name: string; isOpen: boolean; onOpen(): void }) {
  return (
    <button class="primary" type="button" disabled={isOpen} aria-label={`Open ${name}`} onClick={onOpen}>
      {isOpen ? 'In use' : 'Open'}
    </button>
  )
}

/** Whether the model of a place, or the bundled one, is the one in use. */
function isOpen(place: string | undefined): boolean {
  const state = load.value
  if (state.phase !== 'ready') return false
  const { entry } = state
  if (place === undefined) return entry.bundled
  return entry.place === place || (entry.options.keep === 'packed' && isPackedForm(place, entry.place))
}

function sizeOf({ bytes, totalBytes, complete, kind }: StoredModel): string {
  if (kind === 'unreadable') return `${formatBytes(bytes)}, damaged: it can only be deleted`
  if (!complete) return `${formatBytes(bytes)} of ${formatBytes(totalBytes)}, not complete`
  return kind === 'packed' ? `${formatBytes(bytes)}, quantised` : formatBytes(bytes)
}
