// State of the models dialog: the stored and the listed models, and the load plan of the requested one.

import { signal } from '@preact/signals'
import type { CatalogueEntry } from '../../../catalogue/catalogue.ts'
import {
  exportStoredModel,
  type LoadPlan,
  type LoadProgress,
  type ModelSource,
  plan,
  removeStoredModel,
  type StoredModel,
  storedModels,
} from '../../../index.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import type { Failure } from '../failure.ts'
import { LatestTask } from '../latest-task.ts'
import { saveFile } from '../save-file.ts'
import { findListedModels } from './catalogue.ts'
import { refreshSpace } from './device-facts.ts'
import { recordError } from './error-log.ts'
import { forgetModel } from './last-model.ts'
import type { ModelChoice } from './load-state.ts'
import { openBundledModel, openModel } from './model-choice.ts'
import { normalizedSource } from './model-source.ts'

/** A model to plan: its source, the name to show, an access token, and whether to store latents in FP8. */
export interface PlanRequest {
  readonly source: ModelSource
  readonly label: string
  readonly token: string
  readonly cache?: 'fp8'
}

export type PlanState =
  | { readonly phase: 'none' }
  | { readonly phase: 'planning'; readonly request: PlanRequest }
  | {
      readonly phase: 'planned'
      readonly request: PlanRequest
      readonly plan: LoadPlan
      /** Why it was not downloaded at once. */
      readonly obstacle?: Obstacle
    }
  | { readonly phase: 'failed'; readonly request: PlanRequest; readonly failure: Failure }

/** What keeps a chosen model from being downloaded at once. */
export type Obstacle =
  | { readonly kind: 'unsupported' | 'fits' | 'differs' }
  | { readonly kind: 'space'; readonly missingBytes: number }

/** A running operation on a stored model. */
export type StoreTask =
  | { readonly source: string; readonly action: 'removing' }
  | { readonly source: string; readonly action: 'exporting'; readonly progress: LoadProgress | undefined }

export type DialogTab = 'catalogue' | 'stored' | 'other'

/** Id of the heading of the open tab, which gets the focus on the way back from a plan. */
export const PANEL_TITLE = 'models-panel-title'

export const dialogOpen = signal(false)
export const dialogTab = signal<DialogTab>('catalogue')
/** Input of the form. Lives as long as the tab and is stored nowhere. */
export const openForm = { source: signal(''), token: signal('') } as const
export const planState = signal<PlanState>({ phase: 'none' })
export const contextLength = signal(8192)
export const storedModelList = signal<readonly StoredModel[]>([])
export const listedModels = signal<readonly CatalogueEntry[]>([])
/** Why the list of models could not be read. */
export const listFailure = signal<Failure | undefined>(undefined)
export const storeTask = signal<StoreTask | undefined>(undefined)
export const storeFailure = signal<Failure | undefined>(undefined)

const planning = new LatestTask()
const exporting = new LatestTask()

/** Opens the dialog on the list of models to try. */
export function openDialog(): void {
  showTab('catalogue')
}

/** Opens the dialog on one of its parts. */
export function showTab(tab: DialogTab): void {
  discardPlan()
  dialogTab.value = tab
  dialogOpen.value = true
  void refreshStored()
  void readList()
}

export function closeDialog(): void {
  dialogOpen.value = false
  discardPlan()
}

/** Drops the plan and aborts reading for it. */
export function discardPlan(): void {
  planning.abort()
  planState.value = { phase: 'none' }
}

/** Reads config, index and headers and shows the load plan. Shows `previous` in the meantime, if given. */
export async function requestPlan(requested: PlanRequest, previous?: LoadPlan): Promise<void> {
  const { signal } = planning.start()
  dialogOpen.value = true
  const show = (next: PlanState) => {
    if (!signal.aborted) planState.value = next
  }
  show(
    previous
      ? { phase: 'planned', request: requested, plan: previous }
      : { phase: 'planning', request: requested },
  )
  // A drop may come before the dialog was ever open. What is already stored decides what the plan proposes.
  const listed = previous ? undefined : Promise.all([refreshStored(), readList()])
  try {
    const request = { ...requested, source: normalizedSource(requested.source) }
    const options = { quantize: 'auto', ...optionsOf(request), signal } as const
    const planned = await plan(request.source, options)
    await listed
    show({ phase: 'planned', request, plan: planned })
  } catch (error) {
    recordError(error)
    show({ phase: 'failed', request: requested, failure: asHadalError(error) })
  }
}

/** Plans the model of a Hub name or URL, which the form then shows. */
export function checkSource(text: string): void {
  openForm.source.value = text
  void requestPlan({ source: text, label: text, token: openForm.token.value.trim() })
}

/** Shows a plan that was made already, with what stands against it. */
export function showPlan(request: PlanRequest, planned: LoadPlan, obstacle: Obstacle): void {
  planning.abort()
  dialogOpen.value = true
  planState.value = { phase: 'planned', request, plan: planned, obstacle }
}

/** The stored copy of a source, complete or not. */
export function findStoredCopy(source: ModelSource): StoredModel | undefined {
  return storedModelList.value.find((model) => model.kind === 'original' && model.key === source)
}

/** Plans the same model for another context length. */
export function changeContextLength(tokens: number): void {
  contextLength.value = tokens
  if (planState.value.phase === 'planned') void requestPlan(planState.value.request, planState.value.plan)
}

/** Plans the same model with or without FP8 latents. */
export function changeCacheFormat(fp8: boolean): void {
  if (planState.value.phase !== 'planned') return
  const { cache: _, ...request } = planState.value.request
  void requestPlan(fp8 ? { ...request, cache: 'fp8' } : request, planState.value.plan)
}

/** Loads the planned model. */
export function loadPlanned(planned: LoadPlan, request: PlanRequest, options: ModelChoice['options']): void {
  closeDialog()
  void openModel({
    name: planned.name || request.label,
    source: request.source,
    description: request.label,
    bundled: false,
    options: { ...optionsOf(request), ...options },
  })
}

/** Loads a model that is already on this device. */
export function loadLocal(choice: ModelChoice | 'bundled'): void {
  closeDialog()
  void (choice === 'bundled' ? openBundledModel() : openModel(choice))
}

/** Deletes a model from the store. */
export function deleteModel(model: StoredModel): Promise<void> {
  const { key: source } = model
  return runStoreTask({ source, action: 'removing' }, async () => {
    await removeStoredModel(model)
    forgetModel(source)
  })
}

/** Exports a stored model into a folder that the user picks, or as downloads where they cannot. */
export async function exportModel(model: StoredModel): Promise<void> {
  const { key: source } = model
  const target = canPickFolders() ? await pickFolder('readwrite') : saveFile
  if (!target) return
  const { signal } = exporting.start()
  const onProgress = (progress: LoadProgress) => {
    storeTask.value = { source, action: 'exporting', progress }
  }
  await runStoreTask({ source, action: 'exporting', progress: undefined }, () =>
    exportStoredModel(model, target, { signal, onProgress }),
  )
}

export function cancelExport(): void {
  exporting.abort()
}

export const canPickFolders = (): boolean => 'showDirectoryPicker' in window

/** A folder picked by the user; undefined if they cancel. */
export async function pickFolder(mode: 'read' | 'readwrite'): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await window.showDirectoryPicker?.({ mode })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined
    throw error
  }
}

async function runStoreTask(begun: StoreTask, work: () => Promise<void>): Promise<void> {
  storeTask.value = begun
  storeFailure.value = undefined
  try {
    await work()
  } catch (error) {
    if (!isAborted(error)) {
      recordError(error)
      storeFailure.value = asHadalError(error)
    }
  }
  storeTask.value = undefined
  await refreshStored()
}

/** Reads anew what is stored, and how much space is left. */
export async function refreshStored(): Promise<void> {
  void refreshSpace()
  try {
    storedModelList.value = await storedModels()
  } catch (error) {
    storeFailure.value = asHadalError(error)
  }
}

/** The list does not change while the page is open. */
export async function readList(): Promise<void> {
  if (listedModels.value.length > 0) return
  try {
    listedModels.value = await findListedModels()
    listFailure.value = undefined
  } catch (error) {
    listFailure.value = asHadalError(error)
  }
}

export const optionsOf = ({ token, cache }: PlanRequest) => ({
  contextLength: contextLength.value,
  ...(token !== '' && { token }),
  ...(cache && { cache }),
})
