// The models stored on this device: open, continue, export or delete.
import { useSignal } from '@preact/signals'
import type { StoredModel } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import {
  cancelExport,
  deleteModel,
  exportModel,
  loadLocal,
  openForm,
  requestPlan,
  storedModelList,
  storeFailure,
  storeTask,
} from './dialog-state.ts'
import { choiceFromStored, isQuantizedCopy } from './last-model.ts'
import { progressText } from './load-progress.tsx'
import { loadState } from './model-choice.ts'

const STORED_TITLE = 'models-here'

export function StoredModels() {
  const failure = storeFailure.value
  return (
    <section aria-labelledby={STORED_TITLE}>
      <h3 id={STORED_TITLE} tabIndex={-1}>
        On this device
      </h3>
      <ul class="rows">
        <li>
          <p>
            <b>Lanternfish</b> <span class="figures">included with the page</span>
          </p>
          <div class="actions">
            <OpenButton name="Lanternfish" isOpen={isLoaded(undefined)} onOpen={() => loadLocal('bundled')} />
          </div>
        </li>
        {storedModelList.value.map((model) => (
          <StoredModelRow key={model.key} model={model} />
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

function StoredModelRow({ model }: { model: StoredModel }) {
  const { name, key, complete, kind } = model
  const own = storeTask.value?.source === key ? storeTask.value : undefined
  const busy = storeTask.value !== undefined
  return (
    <li>
      <p>
        <b>{name}</b> <span class="figures">{sizeText(model)}</span>
        <br />
        <span class="place">{key}</span>
      </p>
      <div class="actions">
        {complete && (
          <OpenButton name={name} isOpen={isLoaded(key)} onOpen={() => loadLocal(choiceFromStored(model))} />
        )}
        {!complete && kind === 'original' && (
          <button
            class="quiet"
            type="button"
            aria-label={`Continue ${name}`}
            onClick={() => void requestPlan({ source: key, label: key, token: openForm.token.value.trim() })}
          >
            Continue…
          </button>
        )}
        {complete && (
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
        <DeleteButton model={model} disabled={busy || isLoaded(key)} />
      </div>
      {own?.action === 'exporting' && (
        <p class="exporting">
          <span role="status">Exporting {own.progress?.file}</span>
          <progress
            aria-label={`Exporting ${name}`}
            value={own.progress?.bytes ?? 0}
            max={own.progress?.totalBytes || 1}
          />
          <span class="figures">{own.progress && progressText(own.progress)}</span>
          <button class="quiet" type="button" onClick={cancelExport}>
            Cancel
          </button>
        </p>
      )}
    </li>
  )
}

/** Asks for a second press before deleting what may have taken hours to download. */
function DeleteButton({ model, disabled }: { model: StoredModel; disabled: boolean }) {
  const asking = useSignal(false)
  const press = async ({ detail }: MouseEvent) => {
    // The second click of a double click is no confirmation.
    if (asking.value && detail > 1) return
    asking.value = !asking.value
    if (asking.value) return
    await deleteModel(model)
    // The focused button is gone with its row.
    if (document.activeElement === document.body) document.getElementById(STORED_TITLE)?.focus()
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
        {asking.value && 'Press again to delete.'}
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

/** Whether a stored model, or the bundled one if undefined, is loaded. */
function isLoaded(storedAs: string | undefined): boolean {
  const state = loadState.value
  if (state.phase !== 'ready') return false
  const { choice } = state
  if (storedAs === undefined) return choice.bundled
  if (choice.source === storedAs) return true
  return choice.options.keep === 'packed' && isQuantizedCopy(storedAs, choice.source)
}

function sizeText({ bytes, totalBytes, complete, kind }: StoredModel): string {
  if (kind === 'unreadable') return `${formatBytes(bytes)}, damaged (can only be deleted)`
  if (!complete) return `${formatBytes(bytes)} of ${formatBytes(totalBytes)}, incomplete`
  return kind === 'packed' ? `${formatBytes(bytes)}, quantized` : formatBytes(bytes)
}
