// Answers: where do the page's files come from? From this device once they were fetched: the page's own from the moment of
// installation, the bundled model's while they are first read. It must not know what any file means.
import { Download } from './download.ts'
import { rangeAnswer, wholeAnswer } from './range.ts'
import type { FetchEvent, ServiceScope } from './scope.ts'

/** Written by the build (tools/page-plugins.mjs): addresses relative to the page, and a version that changes with the content. */
declare const __PRECACHE__: {
  readonly page: { readonly version: string; readonly files: readonly string[] }
  readonly model: { readonly version: string; readonly files: readonly string[] }
}

/** A file on its way; `saved` tells whether the host had it, once it is here and kept. */
interface Fetching {
  readonly download: Download
  readonly saved: Promise<boolean>
}

const scope = globalThis as unknown as ServiceScope
const { page, model } = __PRECACHE__
const [pageCache, modelCache] = [`hadal-page-${page.version}`, `hadal-model-${model.version}`]
const home = absolute('./')
const pageFiles = new Set(page.files.map(absolute))
const modelFiles = new Set(model.files.map(absolute))
// Readers of a model ask for files that it may not have; without a network, no is an answer too.
const modelFolders = new Set([...modelFiles].map((url) => url.replace(/[^/]+$/, '')))
const downloads = new Map<string, Promise<Fetching>>()

scope.addEventListener('install', (event) => event.waitUntil(install()))
scope.addEventListener('activate', (event) => event.waitUntil(activate()))
scope.addEventListener('fetch', (event) => {
  const url = event.request.url.split(/[?#]/)[0] ?? ''
  if (event.request.mode === 'navigate' && url.startsWith(home)) event.respondWith(navigated(url, event))
  else if (pageFiles.has(url)) event.respondWith(fromPage(url, event))
  else if (modelFiles.has(url)) event.respondWith(fromModel(url, event))
  else if (modelFolders.has(url.replace(/[^/]+$/, ''))) event.respondWith(missing())
})
scope.addEventListener('message', (event) => {
  if (event.data.type === 'take-over') void scope.skipWaiting()
  if (event.data.type === 'keep-model') event.waitUntil(keepModel(event.ports[0]))
})

function absolute(path: string): string {
  return new URL(path, scope.location.href).href
}

async function install(): Promise<void> {
  const cache = await caches.open(pageCache)
  await cache.addAll([...pageFiles].map((url) => new Request(url, { cache: 'no-cache' })))
}

async function activate(): Promise<void> {
  const stale = (await caches.keys()).filter(
    (name) => name.startsWith('hadal-') && name !== pageCache && name !== modelCache,
  )
  await Promise.all(stale.map((name) => caches.delete(name)))
  await scope.clients.claim()
}

/** The page at an address; an address that has none is answered with the first page. */
async function navigated(url: string, event: FetchEvent): Promise<Response> {
  const address = url.replace(/index\.html$/, '')
  // A page's own addresses are relative to its folder, so that the slash matters.
  if (pageFiles.has(`${address}/`)) return Response.redirect(`${address}/`, 301)
  return fromPage(pageFiles.has(address) ? address : home, event)
}

async function missing(): Promise<Response> {
  return new Response(null, { status: 404 })
}

async function fromPage(url: string, event: FetchEvent): Promise<Response> {
  const kept = await (await caches.open(pageCache)).match(url)
  return kept ?? fetch(event.request)
}

async function fromModel(url: string, event: FetchEvent): Promise<Response> {
  const { method, headers } = event.request
  const kept = await (await caches.open(modelCache)).match(url)
  if (kept) return rangeAnswer(await wholeAnswer(kept), method, headers.get('Range'))
  const { download, saved } = await fetching(url)
  if (!download.response.ok) return fetch(event.request)
  event.waitUntil(saved.catch(() => false))
  return rangeAnswer(download, method, headers.get('Range'))
}

/** One download a file, however many ranges of it are asked for; it is kept when it is complete. */
function fetching(url: string): Promise<Fetching> {
  const known = downloads.get(url)
  if (known) return known
  const begun = Download.start(url).then((download) => ({
    download,
    saved: download.done.then((whole) => keep(url, whole)),
  }))
  downloads.set(url, begun)
  const forget = () => downloads.delete(url)
  begun.then(({ saved }) => saved).then(forget, forget)
  return begun
}

async function keep(url: string, whole: Response | undefined): Promise<boolean> {
  if (whole) await (await caches.open(modelCache)).put(url, whole)
  return whole !== undefined
}

async function keepModel(port: MessagePort | undefined): Promise<void> {
  const kept = await Promise.all([...modelFiles].map(isKept)).then(
    (each) => each.every(Boolean),
    () => false,
  )
  port?.postMessage({ kept })
}

async function isKept(url: string): Promise<boolean> {
  const cache = await caches.open(modelCache)
  if (await cache.match(url)) return true
  return (await fetching(url)).saved
}
