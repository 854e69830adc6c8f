// Registers the service worker and reports offline readiness and page updates.
import { signal } from '@preact/signals'
import { APP_URL } from '../shared/app-url.ts'

/** `off`: not available in this browser or at this address; `ready`: everything needed is on this device. */
export const offlineState = signal<'off' | 'saving' | 'ready'>('off')
/** A newer version of the page is installed and waiting. */
export const updateWaiting = signal(false)

// On a first visit the page waits this long for the service worker, so that the worker sees the model
// download and the model is fetched only once.
const WAIT_MS = 2000
let registration: Promise<ServiceWorkerRegistration | undefined> | undefined

/** Resolves when the service worker controls this page, or when it has not within the time limit. */
export async function waitForServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  registration ??= serviceWorker.register(`${APP_URL}service-worker.js`).catch(() => undefined)
  void registration.then(watchForUpdate)
  if (serviceWorker.controller) return
  await Promise.race([
    new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve, { once: true })),
    new Promise((resolve) => setTimeout(resolve, WAIT_MS)),
    registration.then((found) => (found ? new Promise(() => {}) : undefined)),
  ])
}

/** For a page without a model: sets the offline state to `ready` once the service worker is active. */
export async function registerOfflinePage(): Promise<void> {
  await waitForServiceWorker()
  if (!(await registration)) return
  await navigator.serviceWorker.ready
  offlineState.value = 'ready'
}

/** Saves the rest of the bundled model; the offline state reports when it is complete. */
export async function saveModelOffline(): Promise<void> {
  const worker = (await registration)?.active
  if (!worker) return
  offlineState.value = 'saving'
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }: MessageEvent<{ kept: boolean }>) => {
    offlineState.value = data.kept ? 'ready' : 'off'
    port1.close()
  }
  worker.postMessage({ type: 'keep-model' }, [port2])
}

/** Activates the newer version and reloads the page. */
export async function applyUpdate(): Promise<void> {
  const waiting = (await registration)?.waiting
  // Another tab has already activated it.
  if (!waiting) return location.reload()
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waiting.postMessage({ type: 'take-over' })
}

function watchForUpdate(found: ServiceWorkerRegistration | undefined): void {
  if (!found) return
  const { serviceWorker } = navigator
  // A first worker replaces nothing, so only a later one is an update. If another tab activates it, this tab
  // still runs the old page and must offer the update.
  let hadController = serviceWorker.controller !== null
  const look = () => {
    if (found.waiting && hadController) updateWaiting.value = true
  }
  serviceWorker.addEventListener('controllerchange', () => {
    updateWaiting.value = hadController
    hadController = true
  })
  look()
  found.addEventListener('updatefound', () => found.installing?.addEventListener('statechange', look))
}
