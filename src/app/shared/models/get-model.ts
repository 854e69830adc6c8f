// Gets a model in the background: plans it, downloads it if nothing stands against that, and switches to it.
import { signal } from '@preact/signals'
import type { CatalogueEntry } from '../../../catalogue/catalogue.ts'
import { type LoadPlan, plan } from '../../../index.ts'
import { LatestTask } from '../latest-task.ts'
import { listedDifferences } from './catalogue.ts'
import { refreshSpace, storageSpace } from './device-facts.ts'
import {
  closeDialog,
  contextLength,
  findStoredCopy,
  listedModels,
  type Obstacle,
  openForm,
  optionsOf,
  type PlanRequest,
  requestPlan,
  showPlan,
} from './dialog-state.ts'
import { forgetDownload, type ModelDownload, startDownload } from './downloads.ts'
import { loadState, openModel } from './model-choice.ts'
import type { SavedOptions } from './saved-options.ts'

/** Source of the model that is being checked before its download. */
export const checkedSource = signal<string | undefined>(undefined)

const checking = new LatestTask()

/** Downloads a listed model in the background, or shows its plan with what stands against that. */
export async function getModel({ source, name }: CatalogueEntry): Promise<void> {
  const request: PlanRequest = { source, label: source, token: openForm.token.value.trim() }
  const { signal, isLatest } = checking.start()
  checkedSource.value = source
  try {
    const planned = await plan(source, { quantize: 'auto', ...optionsOf(request), signal })
    await refreshSpace()
    if (!isLatest()) return
    const obstacle = obstacleTo(request, planned)
    if (obstacle) return showPlan(request, planned, obstacle)
    queueModel(request, planned, { name })
  } catch {
    // Planned again, which shows the failure with what to do.
    if (isLatest()) await requestPlan(request)
  } finally {
    if (isLatest()) checkedSource.value = undefined
  }
}

/** Puts a planned model at the end of the queue of downloads. */
export function queueModel(
  { source, token, cache }: PlanRequest,
  { name, auto }: Pick<LoadPlan, 'name' | 'auto'>,
  chosen: { readonly name?: string; readonly quantize?: SavedOptions['quantize'] } = {},
): void {
  const quantize = chosen.quantize ?? auto ?? 'none'
  const options = { quantize, contextLength: contextLength.value, ...(cache && { cache }) }
  // Without a model there is nothing to disturb.
  const switchWhenReady = loadState.value.phase !== 'ready'
  startDownload(
    { source: String(source), name: (chosen.name ?? name) || String(source), options, switchWhenReady },
    token,
  )
}

/** Loads a downloaded model in place of the current one. */
export function switchTo({ source, name, options }: ModelDownload): void {
  forgetDownload(source)
  closeDialog()
  const choice = { name, source, description: source, bundled: false } as const
  void openModel({ ...choice, options: { ...options, keep: 'files' } })
}

function obstacleTo({ source }: PlanRequest, planned: LoadPlan): Obstacle | undefined {
  const { unsupported, fits, downloadBytes } = planned
  if (unsupported.length > 0) return { kind: 'unsupported' }
  if (fits === false) return { kind: 'fits' }
  if (listedDifferences(listedModels.value, source, planned).length > 0) return { kind: 'differs' }
  const missingBytes = downloadBytes - (findStoredCopy(source)?.bytes ?? 0)
  const left = storageSpace.value?.left ?? Number.POSITIVE_INFINITY
  return missingBytes > left ? { kind: 'space', missingBytes: missingBytes - left } : undefined
}
