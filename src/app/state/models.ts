// Answers: which models could be opened, and what would one take? The dialog's state: the store's list, and the plan of what was asked for.
// It must not know how anything looks, nor how a model is loaded.
import { signal } from '@preact/signals'
import {
  exportStoredModel,
  type LoadPlan,
  type LoadProgress,
  type Place,
  plan,
  removeStoredModel,
  type StoredModel,
  storedModels,
} from '../../index.ts'
import type { Failure } from './chat.ts'
import { forgetModel } from './last-model.ts'
import type { Opening } from './loading.ts'
import { failureOf, open, openBundled } from './opening.ts'
import { settled } from './place.ts'

/** What was asked for: where it is, for people what it is called, and whether its latents are to be kept in FP8. */
export interface Asked {
  readonly place: Place
  readonly label: string
  readonly token: string
  readonly cache?: 'fp8'
}

export type Look =
  | { readonly phase: 'none' }
  | { readonly phase: 'looking'; readonly asked: Asked }
  | { readonly phase: 'planned'; readonly asked: Asked; readonly plan: LoadPlan }
  | { readonly phase: 'failed'; readonly asked: Asked; readonly failure: Failure }

/** What happens to a model of the store. */
export type Task =
  | { readonly place: string; readonly doing: 'removing' }
  | { readonly place: string; readonly doing: 'exporting'; readonly progress: LoadProgress | undefined }

export const dialogOpen = signal(false)
/** What is written in the form: kept for as long as the tab is open, and nowhere else. */
export const form = { place: signal(''), token: signal('') } as const
export const look = signal<Look>({ phase: 'none' })
export const contextLength = signal(8192)
export const stored = signal<readonly StoredModel[]>([])
export const task = signal<Task | undefined>(undefined)
export const storeFailure = signal<Failure | undefined>(undefined)

let looking: AbortController | undefined
let exporting: AbortController | undefined

export function openDialog(): void {
  dialogOpen.value = true
  void refreshStored()
}

export function closeDialog(): void {
  dialogOpen.value = false
  forget()
}

/** Drops the plan, and whatever is being read for it. */
export function forget(): void {
  looking?.abort()
  look.value = { phase: 'none' }
}

/** Reads config, index and headers, and says what the model would take. Until then `before` is shown, if there is any. */
export async function lookAt(wanted: Asked, before?: LoadPlan): Promise<void> {
  looking?.abort()
  const own = new AbortController()
  looking = own
  dialogOpen.value = true
  const show = (next: Look) => {
    if (looking === own && !own.signal.aborted) look.value = next
  }
  show(before ? { phase: 'planned', asked: wanted, plan: before } : { phase: 'looking', asked: wanted })
  // A drop may come before the dialog was ever open; and what is there of a model decides what is proposed.
  const listed = before ? undefined : refreshStored()
  try {
    const asked = { ...wanted, place: settled(wanted.place) }
    const options = { quantize: 'auto', ...optionsOf(asked), signal: own.signal } as const
    const planned = await plan(asked.place, options)
    await listed
    show({ phase: 'planned', asked, plan: planned })
  } catch (error) {
    show({ phase: 'failed', asked: wanted, failure: failureOf(error) })
  }
}

/** What the store has of a place, complete or not. */
export function storedAt(place: Place): StoredModel | undefined {
  return stored.value.find((model) => model.kind === 'original' && model.place === place)
}

/** Plans the same model for another context. */
export function changeContext(tokens: number): void {
  contextLength.value = tokens
  if (look.value.phase === 'planned') void lookAt(look.value.asked, look.value.plan)
}

/** Plans the same model with its latents in FP8, or as they are. */
export function changeCache(fp8: boolean): void {
  if (look.value.phase !== 'planned') return
  const { cache: _, ...asked } = look.value.asked
  void lookAt(fp8 ? { ...asked, cache: 'fp8' } : asked, look.value.plan)
}

/** Loads what was looked at. */
export function load(planned: LoadPlan, asked: Asked, options: Opening['options']): void {
  closeDialog()
  void open({
    name: planned.name || asked.label,
    place: asked.place,
    description: asked.label,
    bundled: false,
    options: { ...optionsOf(asked), ...options },
  })
}

/** Loads a model that is here already. */
export function loadHere(opening: Opening | 'bundled'): void {
  closeDialog()
  void (opening === 'bundled' ? openBundled() : open(opening))
}

/** Deletes a model from the store. */
export function remove({ place }: StoredModel): Promise<void> {
  return during({ place, doing: 'removing' }, async () => {
    await removeStoredModel(place)
    forgetModel(place)
  })
}

/** Copies a model of the store into a folder of the person's choice. */
export async function exportModel({ place }: StoredModel): Promise<void> {
  const folder = await pickFolder('readwrite')
  if (!folder) return
  exporting = new AbortController()
  const { signal } = exporting
  const onProgress = (progress: LoadProgress) => {
    task.value = { place, doing: 'exporting', progress }
  }
  await during({ place, doing: 'exporting', progress: undefined }, () =>
    exportStoredModel(place, folder, { signal, onProgress }),
  )
}

export function cancelExport(): void {
  exporting?.abort()
}

export const canPickFolders = (): boolean => 'showDirectoryPicker' in window

/** A folder that the person picks; nothing when they think better of it. */
export async function pickFolder(mode: 'read' | 'readwrite'): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await window.showDirectoryPicker?.({ mode })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined
    throw error
  }
}

async function during(begun: Task, work: () => Promise<void>): Promise<void> {
  task.value = begun
  storeFailure.value = undefined
  try {
    await work()
  } catch (error) {
    const failure = failureOf(error)
    if (failure.code !== 'aborted') storeFailure.value = failure
  }
  task.value = undefined
  await refreshStored()
}

async function refreshStored(): Promise<void> {
  try {
    stored.value = await storedModels()
  } catch (error) {
    storeFailure.value = failureOf(error)
  }
}

const optionsOf = ({ token, cache }: Asked) => ({
  contextLength: contextLength.value,
  ...(token !== '' && { token }),
  ...(cache && { cache }),
})
