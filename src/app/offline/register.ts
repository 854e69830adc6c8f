// Answers: does the page work without a network, and is a newer one waiting? It must not know what is kept, nor where.
import { signal } from '@preact/signals'
import { home } from '../state/home.ts'

/** `off`: this browser or address cannot; `ready`: everything is on this device. */
export const offline = signal<'off' | 'saving' | 'ready'>('off')
/** A newer version of the page is installed and waits. */
export const updateWaiting = signal(false)

// The first visit waits this long for the service worker, so that the model passes through it and is fetched only once.
const patienceMs = 2000
let registration: Promise<ServiceWorkerRegistration | undefined> | undefined

/** Resolves when the service worker answers this page's requests, or when it is not worth waiting any longer. */
export async function controlled(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  registration ??= serviceWorker.register(`${home}service-worker.js`).catch(() => undefined)
  void registration.then(watchForUpdate)
  if (serviceWorker.controller) return
  await Promise.race([
    new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve, { once: true })),
    new Promise((resolve) => setTimeout(resolve, patienceMs)),
    registration.then((found) => (found ? new Promise(() => {}) : undefined)),
  ])
}

/** For a page that needs no model: it is kept once the worker that was installed with it answers; `offline` tells. */
export async function pageKept(): Promise<void> {
  await controlled()
  if (!(await registration)) return
  await navigator.serviceWorker.ready
  offline.value = 'ready'
}

/** Has the rest of the model kept; `offline` tells when it is. */
export async function keepModel(): Promise<void> {
  const worker = (await registration)?.active
  if (!worker) return
  offline.value = 'saving'
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }: MessageEvent<{ kept: boolean }>) => {
    offline.value = data.kept ? 'ready' : 'off'
    port1.close()
  }
  worker.postMessage({ type: 'keep-model' }, [port2])
}

/** Changes over to the newer version. */
export async function update(): Promise<void> {
  const waiting = (await registration)?.waiting
  // Another tab has had it take over already.
  if (!waiting) return location.reload()
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waiting.postMessage({ type: 'take-over' })
}

function watchForUpdate(found: ServiceWorkerRegistration | undefined): void {
  if (!found) return
  const { serviceWorker } = navigator
  // The first worker of all waits for nobody; only a second one is an update. It stays one for a tab in which nobody asked for it.
  let under = serviceWorker.controller !== null
  const look = () => {
    if (found.waiting && under) updateWaiting.value = true
  }
  serviceWorker.addEventListener('controllerchange', () => {
    updateWaiting.value = under
    under = true
  })
  look()
  found.addEventListener('updatefound', () => found.installing?.addEventListener('statechange', look))
}
