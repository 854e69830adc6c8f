// Service worker: serves the page from its cache since installation, and the bundled model once downloaded.

import { rangeResponse, toRangedFile } from './range.ts'
import { StreamedDownload } from './streamed-download.ts'
import type { FetchEvent, ServiceScope } from './worker-scope.ts'

/**
 * Written by the build (tools/page-plugins.mjs): URLs relative to the page, and a hash of names and content.
 */
declare const __PRECACHE__: {
  readonly page: { readonly version: string; readonly files: readonly string[] }
  readonly model: { readonly version: string; readonly files: readonly string[] }
  /** Beginnings of the names of large files that few use; the names change with their content. */
  readonly firstUse: readonly string[]
}

/** A file being downloaded; `saved` resolves once it is cached, to false if the host refused it. */
interface PendingFile {
  readonly download: StreamedDownload
  readonly saved: Promise<boolean>
}

const scope = globalThis as unknown as ServiceScope
const { page, model, firstUse } = __PRECACHE__
const PAGE_CACHE = `hadal-page-${page.version}`
const MODEL_CACHE = `hadal-model-${model.version}`
const APP_URL = absoluteUrl('./')
const DOCS_URL = absoluteUrl('./docs/') // comes from the network
const PAGE_FILES = new Set(page.files.map(absoluteUrl))
const MODEL_FILES = new Set(model.files.map(absoluteUrl))
const FIRST_USE = firstUse.map(absoluteUrl)
// The loader probes for optional files. Offline, a missing file must be a 404, not a network error.
const MODEL_FOLDERS = new Set([...MODEL_FILES].map((url) => url.replace(/[^/]+$/, '')))
const downloads = new Map<string, Promise<PendingFile>>()

scope.addEventListener('install', (event) => event.waitUntil(install()))
scope.addEventListener('activate', (event) => event.waitUntil(activate()))
scope.addEventListener('fetch', (event) => {
  const url = event.request.url.split(/[?#]/)[0] ?? ''
  if (url.startsWith(DOCS_URL)) return
  if (event.request.mode === 'navigate' && url.startsWith(APP_URL)) event.respondWith(servePage(url, event))
  else if (PAGE_FILES.has(url)) event.respondWith(servePageFile(url, event))
  else if (isFirstUse(url)) event.respondWith(serveFirstUse(url, event))
  else if (MODEL_FILES.has(url)) event.respondWith(serveModelFile(url, event))
  else if (MODEL_FOLDERS.has(url.replace(/[^/]+$/, ''))) event.respondWith(serveNotFound())
})
scope.addEventListener('message', (event) => {
  if (event.data.type === 'take-over') void scope.skipWaiting()
  if (event.data.type === 'keep-model') event.waitUntil(saveModel(event.ports[0]))
})

function absoluteUrl(path: string): string {
  return new URL(path, scope.location.href).href
}

const isFirstUse = (url: string): boolean => FIRST_USE.some((start) => url.startsWith(start))

async function install(): Promise<void> {
  const cache = await caches.open(PAGE_CACHE)
  await cache.addAll([...PAGE_FILES].map((url) => new Request(url, { cache: 'no-cache' })))
  // What was used before stays available offline.
  for (const name of await caches.keys()) {
    if (!name.startsWith('hadal-page-')) continue
    const earlier = await caches.open(name)
    for (const request of (await earlier.keys()).filter(({ url }) => isFirstUse(url))) {
      const kept = await earlier.match(request)
      if (kept) await cache.put(request, kept)
    }
  }
}

async function activate(): Promise<void> {
  const stale = (await caches.keys()).filter(
    (name) => name.startsWith('hadal-') && name !== PAGE_CACHE && name !== MODEL_CACHE,
  )
  await Promise.all(stale.map((name) => caches.delete(name)))
  await scope.clients.claim()
}

/** The page at a URL; unknown URLs get the chat page. */
async function servePage(url: string, event: FetchEvent): Promise<Response> {
  const address = url.replace(/index\.html$/, '')
  // A page's relative URLs resolve against its folder, so the trailing slash matters.
  if (PAGE_FILES.has(`${address}/`)) return Response.redirect(`${address}/`, 301)
  return servePageFile(PAGE_FILES.has(address) ? address : APP_URL, event)
}

async function serveNotFound(): Promise<Response> {
  return new Response(null, { status: 404 })
}

async function servePageFile(url: string, event: FetchEvent): Promise<Response> {
  const kept = await (await caches.open(PAGE_CACHE)).match(url)
  return kept ?? fetch(event.request)
}

/** From the cache, into which the first use puts it. */
async function serveFirstUse(url: string, event: FetchEvent): Promise<Response> {
  const cache = await caches.open(PAGE_CACHE)
  const kept = await cache.match(url)
  if (kept) return kept
  const response = await fetch(event.request)
  if (response.ok) event.waitUntil(cache.put(url, response.clone()))
  return response
}

async function serveModelFile(url: string, event: FetchEvent): Promise<Response> {
  const { method, headers } = event.request
  const kept = await (await caches.open(MODEL_CACHE)).match(url)
  if (kept) return rangeResponse(await toRangedFile(kept), method, headers.get('Range'))
  const { download, saved } = await startDownload(url)
  if (!download.response.ok) return fetch(event.request)
  event.waitUntil(saved.catch(() => false))
  return rangeResponse(download, method, headers.get('Range'))
}

/** One download per file, shared by all its range requests; cached once complete. */
function startDownload(url: string): Promise<PendingFile> {
  const known = downloads.get(url)
  if (known) return known
  const begun = StreamedDownload.start(url).then((download) => ({
    download,
    saved: download.done.then((whole) => saveResponse(url, whole)),
  }))
  downloads.set(url, begun)
  const forget = () => downloads.delete(url)
  begun.then(({ saved }) => saved).then(forget, forget)
  return begun
}

async function saveResponse(url: string, whole: Response | undefined): Promise<boolean> {
  if (whole) await (await caches.open(MODEL_CACHE)).put(url, whole)
  return whole !== undefined
}

async function saveModel(port: MessagePort | undefined): Promise<void> {
  const kept = await Promise.all([...MODEL_FILES].map(ensureSaved)).then(
    (saved) => saved.every(Boolean),
    () => false,
  )
  port?.postMessage({ kept })
}

async function ensureSaved(url: string): Promise<boolean> {
  const cache = await caches.open(MODEL_CACHE)
  if (await cache.match(url)) return true
  return (await startDownload(url)).saved
}
