// One model of the list: what it is for, what it takes on this device, and how to get it.
import type { CatalogueEntry } from '../../../catalogue/catalogue.ts'
import { type DeviceFit, fitOf, type Recommendation } from '../../../catalogue/fit.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dialogStrings } from '../../strings/models-dialog.ts'
import { strings } from '../../strings/strings.ts'
import { formatCompact } from '../format.ts'
import { deviceMemory, downloadSpeed, storageSpace } from './device-facts.ts'
import { checkSource, contextLength, findStoredCopy, loadLocal } from './dialog-state.ts'
import { downloads } from './downloads.ts'
import { checkedSource, getModel } from './get-model.ts'
import { choiceFromStored } from './last-model.ts'
import { isLoaded } from './load-state.ts'
import { loadState } from './model-choice.ts'

/** `reason`: why it is recommended for this device, if it is. */
export function ModelCard({
  entry,
  reason,
}: {
  entry: CatalogueEntry
  reason?: Recommendation['reason'] | undefined
}) {
  const texts = dialogStrings.value.catalogue
  const { name } = entry
  const fit = fitOf(entry, contextLength.value, deviceMemory())
  return (
    <li class={reason ? 'model-card recommended' : 'model-card'}>
      {reason && (
        <p class="why">
          <b>{texts.recommended}</b> {texts.because[reason]}
        </p>
      )}
      <div class="head">
        <h4>{name}</h4>
        <FitBadge fit={fit} />
      </div>
      <p class="purpose">{texts.goodAt(entry)}</p>
      <Figures entry={entry} fit={fit} />
      <CardActions entry={entry} />
    </li>
  )
}

function FitBadge({ fit: { fits, quantize } }: { fit: DeviceFit }) {
  const kind = fits === 'unknown' ? 'may' : fits ? 'yes' : 'no'
  return <span class={`badge ${kind}`}>{dialogStrings.value.catalogue.fits(fits, quantize)}</span>
}

function Figures({ entry, fit }: { entry: CatalogueEntry; fit: DeviceFit }) {
  const texts = dialogStrings.value.catalogue
  const { parameters, activeParameters, downloadBytes, license, thinking } = entry
  const speed = downloadSpeed()
  const time = speed ? texts.inTime(downloadBytes / speed) : ''
  const active = texts.perToken(formatCompact(activeParameters))
  const missing = downloadBytes - (storageSpace.value?.left ?? Number.POSITIVE_INFINITY)
  const rows = [
    [texts.parameters, formatCompact(parameters) + (activeParameters < parameters ? active : '')],
    [texts.download, formatBytes(downloadBytes) + time],
    [texts.memory, formatBytes(fit.gpuBytes)],
    [texts.license, license],
  ] as const
  return (
    <>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="tags">
        <span>{texts.thinks[thinking]}</span>
        {entry.uses.map((use) => (
          <span key={use}>{texts.uses[use]}</span>
        ))}
        {missing > 0 && !findStoredCopy(entry.source) && (
          <span class="lacking">{texts.noSpace(formatBytes(missing))}</span>
        )}
      </p>
    </>
  )
}

function CardActions({ entry }: { entry: CatalogueEntry }) {
  const { models } = strings.value
  const texts = dialogStrings.value.catalogue
  const { name, source } = entry
  const stored = findStoredCopy(source)
  const download = downloads.value.find((one) => one.source === source)
  const isOpen = isLoaded(loadState.value, source)
  const busy = checkedSource.value === source
  const percent = Math.floor((100 * (download?.progress?.bytes ?? 0)) / (download?.progress?.totalBytes || 1))
  return (
    <div class="actions">
      {stored?.complete ? (
        <button
          class="primary"
          type="button"
          aria-label={isOpen ? texts.inUseNamed(name) : texts.openNamed(name)}
          disabled={isOpen}
          onClick={() => loadLocal(choiceFromStored(stored))}
        >
          {isOpen ? texts.inUse : texts.open}
        </button>
      ) : download ? (
        <span class="figures under-way">
          {models.downloads.downloading('').trim()} {models.downloads.percent(percent)}
        </span>
      ) : (
        <button
          class="primary"
          type="button"
          aria-label={texts.getNamed(name)}
          disabled={busy}
          onClick={() => void getModel(entry)}
        >
          {busy ? texts.checking : texts.get}
        </button>
      )}
      <button
        class="quiet"
        type="button"
        aria-label={texts.detailsNamed(name)}
        onClick={() => checkSource(source)}
      >
        {texts.details}
      </button>
    </div>
  )
}
