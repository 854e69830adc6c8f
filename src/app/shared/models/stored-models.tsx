// The models stored on this device: open, continue, export or delete.
import type { StoredModel } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dialogStrings } from '../../strings/models-dialog.ts'
import { language, strings } from '../../strings/strings.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { storageSpace } from './device-facts.ts'
import {
  cancelExport,
  deleteModel,
  exportModel,
  loadLocal,
  openForm,
  PANEL_TITLE,
  requestPlan,
  storedModelList,
  storeFailure,
  storeTask,
} from './dialog-state.ts'
import { findDownload } from './downloads.ts'
import { choiceFromStored } from './last-model.ts'
import { lastUse } from './last-used.ts'
import { progressText } from './load-progress.tsx'
import { isLoaded } from './load-state.ts'
import { loadState } from './model-choice.ts'

export function StoredModels() {
  const failure = storeFailure.value
  const { models } = strings.value
  const texts = dialogStrings.value.stored
  const list = storedModelList.value
  return (
    <section aria-labelledby={PANEL_TITLE}>
      <h3 id={PANEL_TITLE} tabIndex={-1} class="unseen">
        {models.dialog.stored}
      </h3>
      <p class="figures totals">{totalsText()}</p>
      <ul class="rows">
        <li>
          <p>
            <b>Lanternfish</b> <span class="figures">{texts.included}</span>
          </p>
          <div class="actions">
            <OpenButton
              name="Lanternfish"
              isOpen={isLoaded(loadState.value, undefined)}
              onOpen={() => loadLocal('bundled')}
            />
          </div>
        </li>
        {list.map((model) => (
          <StoredModelRow key={model.key} model={model} />
        ))}
      </ul>
      {list.length === 0 && <p class="figures">{texts.empty}</p>}
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
  const texts = dialogStrings.value.stored
  const isOpen = isLoaded(loadState.value, key)
  const own = storeTask.value?.source === key ? storeTask.value : undefined
  const busy = storeTask.value !== undefined
  return (
    <li>
      <p>
        <b>{name}</b> <span class="figures">{[sizeText(model), usedText(key)].join(' · ')}</span>
        <br />
        <span class="place">{key}</span>
      </p>
      <div class="actions">
        {complete && (
          <OpenButton name={name} isOpen={isOpen} onOpen={() => loadLocal(choiceFromStored(model))} />
        )}
        {!complete && kind === 'original' && !findDownload(key) && (
          <button
            class="quiet"
            type="button"
            aria-label={texts.continueNamed(name)}
            onClick={() => void requestPlan({ source: key, label: key, token: openForm.token.value.trim() })}
          >
            {texts.continue}
          </button>
        )}
        {complete && (
          <button
            class="quiet"
            type="button"
            disabled={busy}
            aria-label={texts.exportNamed(name)}
            onClick={() => void exportModel(model)}
          >
            {texts.export}
          </button>
        )}
        <DeleteButton model={model} disabled={busy || isOpen} />
      </div>
      {own?.action === 'exporting' && (
        <p class="exporting">
          <span role="status">{texts.exporting(own.progress?.file ?? '')}</span>
          <progress
            aria-label={texts.exporting(name)}
            value={own.progress?.bytes ?? 0}
            max={own.progress?.totalBytes || 1}
          />
          <span class="figures">{own.progress && progressText(own.progress)}</span>
          <button class="quiet" type="button" onClick={cancelExport}>
            {texts.cancel}
          </button>
        </p>
      )}
    </li>
  )
}

function DeleteButton({ model, disabled }: { model: StoredModel; disabled: boolean }) {
  const texts = dialogStrings.value.stored
  const remove = async () => {
    await deleteModel(model)
    // The focused button is gone with its row.
    if (document.activeElement === document.body) document.getElementById(PANEL_TITLE)?.focus()
  }
  return (
    <ConfirmButton
      asking={texts.deleteAsk(formatBytes(model.bytes))}
      hint={texts.deleteHint}
      disabled={disabled}
      onConfirm={() => void remove()}
    >
      {texts.delete}
      <span class="unseen">{model.name}</span>{' '}
    </ConfirmButton>
  )
}

function OpenButton({ name, isOpen, onOpen }: { name: string; isOpen: boolean; onOpen(): void }) {
  const texts = dialogStrings.value.catalogue
  return (
    <button
      class="primary"
      type="button"
      disabled={isOpen}
      aria-label={isOpen ? texts.inUseNamed(name) : texts.openNamed(name)}
      onClick={onOpen}
    >
      {isOpen ? texts.inUse : texts.open}
    </button>
  )
}

function sizeText({ bytes, totalBytes, complete, kind }: StoredModel): string {
  const texts = dialogStrings.value.stored
  const size = formatBytes(bytes)
  if (kind === 'unreadable') return texts.damaged(size)
  if (!complete) return texts.incomplete(size, formatBytes(totalBytes))
  return kind === 'packed' ? texts.quantized(size) : size
}

/** How many models there are, what they take, and the space that is left. */
function totalsText(): string {
  const texts = dialogStrings.value.stored
  const list = storedModelList.value
  const bytes = list.reduce((sum, model) => sum + model.bytes, 0)
  const left = storageSpace.value?.left
  const totals = texts.totals(list.length, formatBytes(bytes))
  return left === undefined ? totals : `${totals} · ${texts.left(formatBytes(left))}`
}

function usedText(key: string): string {
  const texts = dialogStrings.value.stored
  const time = lastUse(key)
  if (time === undefined) return texts.neverUsed
  const isToday = new Date(time).toDateString() === new Date().toDateString()
  return texts.used(isToday ? texts.today : new Date(time).toLocaleDateString(language.value))
}
