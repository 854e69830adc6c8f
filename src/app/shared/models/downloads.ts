// Downloads models in the background, one after the other, while the loaded one goes on answering.
import { signal } from '@preact/signals'
import {
  downloadModel,
  type LoadProgress,
  removeStoredModel,
  type StoredModel,
  storedModels,
} from '../../../index.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import { isJsonObject } from '../../../lib/json.ts'
import type { Failure } from '../failure.ts'
import { browserStorage } from '../storage.ts'
import { readMap, updateMap } from '../stored-map.ts'
import { noteSpeed, refreshSpace } from './device-facts.ts'
import { recordError } from './error-log.ts'
import { readOptions, type SavedOptions } from './saved-options.ts'

/** A model that is being stored, or waits for that. */
export interface ModelDownload {
  readonly source: string
  readonly name: string
  /** How to load it when it is there. */
  readonly options: SavedOptions
  readonly state: 'waiting' | 'running' | 'paused' | 'failed' | 'ready'
  readonly progress?: Pick<LoadProgress, 'phase' | 'file' | 'bytes' | 'totalBytes'> &
    Partial<Pick<LoadProgress, 'bytesPerSecond' | 'secondsLeft'>>
  readonly failure?: Failure
  /** Whether to load it without asking, once no answer is running. */
  readonly switchWhenReady: boolean
}

export const downloads = signal<readonly ModelDownload[]>([])
/** Set by the page while an answer is running: no other model is loaded then unless the user asks. */
export const answerRunning = signal(false)

/** What a reload of the page keeps: sources, names and options, no tokens. */
const STORAGE_KEY = 'hadal.downloads.1'
/** Too few bytes tell nothing of the speed. */
const MEASURED_BYTES = 2 ** 20

const tokens = new Map<string, string>()
let current: { readonly source: string; readonly ending: AbortController; ended: Promise<void> } | undefined

export const findDownload = (source: unknown): ModelDownload | undefined =>
  downloads.value.find((download) => download.source === source)

/** Adds a model to the end of the queue, or continues it if it is there. */
export function startDownload(
  { source, name, options, switchWhenReady }: Omit<ModelDownload, 'state' | 'progress' | 'failure'>,
  token = '',
): void {
  if (token !== '') tokens.set(source, token)
  if (!findDownload(source))
    downloads.value = [...downloads.value, { source, name, options, switchWhenReady, state: 'waiting' }]
  updateMap(STORAGE_KEY, browserStorage, (all) => all.set(source, { name, ...options }))
  resumeDownload(source)
}

/** Stops a download; what has arrived stays. */
export function pauseDownload(source: string): void {
  change(source, { state: 'paused' })
  if (current?.source === source) current.ending.abort()
}

export function resumeDownload(source: string): void {
  const { failure: _, ...found } = findDownload(source) ?? {}
  if (!('state' in found) || found.state === 'running' || found.state === 'ready') return
  downloads.value = downloads.value.map((download) =>
    download.source === source ? { ...found, state: 'waiting' } : download,
  )
  void runNext()
}

/** Stops a download and discards what has arrived. */
export async function cancelDownload(source: string): Promise<void> {
  const running = current?.source === source ? current : undefined
  forgetDownload(source)
  running?.ending.abort()
  await running?.ended
  await removeStoredModel(source).catch(recordError)
  await refreshSpace()
}

/** Takes a download off the list; a complete model stays stored. */
export function forgetDownload(source: string): void {
  downloads.value = downloads.value.filter((download) => download.source !== source)
  updateMap(STORAGE_KEY, browserStorage, (all) => all.delete(source))
  tokens.delete(source)
}

export function changeSwitch(source: string, switchWhenReady: boolean): void {
  change(source, { switchWhenReady })
}

/** Shows what an earlier visit left incomplete, as paused. */
export async function restoreDownloads(): Promise<void> {
  const left = [...readMap(STORAGE_KEY, browserStorage)]
  if (left.length === 0) return
  const stored = await storedModels().catch(() => [])
  const restored = left.flatMap(([source, saved]): ModelDownload[] => {
    const { name } = isJsonObject(saved) ? saved : {}
    const found = stored.find(({ key }) => key === source)
    if (found?.complete || findDownload(source)) return []
    const progress = found && { progress: progressOf(found) }
    const options = readOptions(saved)
    const shown = { source, name: typeof name === 'string' ? name : source, options, ...progress }
    return [{ ...shown, state: 'paused', switchWhenReady: false }]
  })
  downloads.value = [...downloads.value, ...restored]
}

/** What has arrived of a model; the last report may be a little older. */
async function storedProgress(source: string): Promise<ModelDownload['progress']> {
  const stored = await storedModels().catch(() => [])
  const found = stored.find(({ key }) => key === source)
  return found && progressOf(found)
}

const progressOf = ({ bytes, totalBytes }: StoredModel): NonNullable<ModelDownload['progress']> => ({
  phase: 'download',
  file: '',
  bytes,
  totalBytes,
})

function change(source: string, changes: Partial<ModelDownload>): void {
  downloads.value = downloads.value.map((download) =>
    download.source === source ? { ...download, ...changes } : download,
  )
}

async function runNext(): Promise<void> {
  const next = downloads.value.find(({ state }) => state === 'waiting')
  if (current || !next) return
  const { source } = next
  change(source, { state: 'running' })
  const ending = new AbortController()
  const ended = store(source, ending.signal)
  current = { source, ending, ended }
  await ended
  current = undefined
  await refreshSpace()
  void runNext()
}

/** Stores one model; a failure becomes its state. */
async function store(source: string, signal: AbortSignal): Promise<void> {
  let first: number | undefined
  let latest: LoadProgress | undefined
  const token = tokens.get(source)
  try {
    await downloadModel(source, {
      ...(token !== undefined && { token }),
      signal,
      onProgress(progress) {
        if (progress.phase === 'download') {
          first ??= progress.bytes
          latest = progress
        }
        if (!signal.aborted) change(source, { progress })
      },
    })
    if (!signal.aborted) change(source, { state: 'ready' })
    updateMap(STORAGE_KEY, browserStorage, (all) => all.delete(source))
  } catch (error) {
    if (!isAborted(error) && !signal.aborted) {
      recordError(error)
      change(source, { state: 'failed', failure: asHadalError(error) })
    }
    const progress = await storedProgress(source)
    if (progress) change(source, { progress })
  }
  if (latest && latest.bytes - (first ?? 0) >= MEASURED_BYTES) noteSpeed(latest.bytesPerSecond)
}
