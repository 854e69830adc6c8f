// What programs find in Node: a page's document, a host with the bundled model, a Hub and a model server that
// are on this machine, and workers that are hosts in the same thread, on lavapipe.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expose } from 'comlink'
import { Window } from 'happy-dom'
import { type ComponentType, createElement } from 'react'
import { expect, vi } from 'vitest'
import { type LoadedModel, loadModel } from '../../src/core.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { localHost } from '../../src/worker/open-engine.ts'
import type { RemoteEngine } from '../../src/worker/protocol.ts'
import { storeHost } from '../../src/worker/store-host.ts'
import { serveFolder } from '../../tools/serve.mjs'
import { LAVAPIPE, persistentGpu } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'
import { HUB_MODEL, startHub } from '../weights/hub-server.ts'
import { ROOT } from './blocks.ts'

export interface NodeWorld {
  /** What programs have shown, written and logged since the last call. */
  output(): string
  /** Frees the models of the workers that were started since the last call. */
  endWorkers(): Promise<void>
  close(): Promise<void>
}

/** Addresses that documents name → those that answer here. Nothing else is asked. */
type Routes = readonly (readonly [pattern: RegExp, address: string])[]

/** Opens all of it, as globals. */
export async function openNodeWorld(): Promise<NodeWorld> {
  process.env.VK_DRIVER_FILES = LAVAPIPE // also where a program opens Dawn itself
  const gpu = await persistentGpu('llvmpipe')
  const site = await serveFolder(join(ROOT, 'public'))
  const hub = await startHub(modelFiles())
  const toolHub = await startHub({ ...modelFiles(), 'chat_template.jinja': toolTemplate() })
  const server = await serveModel(await loadModel(`${site.url}models/lanternfish/`, { gpu }))
  routeFetch([
    [
      /^https:\/\/huggingface\.co\/(api\/models\/)?mlx-community\/Qwen3-4B[^/]*\//,
      `${toolHub.url}/$1${HUB_MODEL}/`,
    ],
    [/^https:\/\/huggingface\.co\/(api\/models\/)?[^/]+\/[^/]+\//, `${hub.url}/$1${HUB_MODEL}/`],
    [/^https:\/\/example\.org\//, server.url],
  ])
  const printed: string[] = []
  const print = (...values: unknown[]) => void printed.push(values.join(' '))
  vi.spyOn(console, 'log').mockImplementation(print)
  const workers: SameThreadWorker[] = []
  const startWorker = () => {
    const worker = new SameThreadWorker(gpu)
    workers.push(worker)
    return worker.port
  }
  openDocument(site.url, gpu)
  Object.assign(globalThis, {
    show: print,
    write: print,
    openDawn: () => gpu,
    mount: await openReact(),
    Worker: new Proxy(SameThreadWorker, { construct: startWorker }),
  })
  return {
    output: () => printed.splice(0).join('\n'),
    endWorkers: async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
    },
    close: async () => {
      await Promise.all([site.close(), hub.close(), toolHub.close(), server.close()])
    },
  }
}

const modelFiles = () =>
  Object.fromEntries(readdirSync(LANTERNFISH).map((name) => [name, readFileSync(join(LANTERNFISH, name))]))

/** A published template with tools, which the bundled model lacks. */
function toolTemplate(): Uint8Array {
  const path = join(ROOT, 'tests', 'fixtures', 'text', 'tools.json')
  const { families } = JSON.parse(readFileSync(path, 'utf8')) as {
    families: { name: string; template: string[] }[]
  }
  const { template = [] } = families.find(({ name }) => name.includes('Qwen')) ?? {}
  return new TextEncoder().encode(template.join(''))
}

/** The package's worker without a thread. */
class SameThreadWorker {
  readonly remote: RemoteEngine
  readonly port: MessagePort
  readonly terminate: () => Promise<void>

  constructor(gpu: GPU) {
    const { port1, port2 } = new MessageChannel()
    this.remote = localHost({ gpu })
    expose({ ...this.remote, ...storeHost() }, port2)
    this.terminate = async () => {
      port2.close()
      await this.remote.unload()
    }
    this.port = Object.assign(port1, { terminate: this.terminate, onerror: null })
  }
}

/** A model behind HTTP, as an OpenAI-compatible server has it. */
async function serveModel(model: LoadedModel): Promise<{ url: string; close(): Promise<void> }> {
  const endpoint = openAIEndpoint(model)
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '' } = request
    const body = method === 'GET' ? null : (Readable.toWeb(request) as ReadableStream)
    const init = { method, body, duplex: 'half', headers: { 'content-type': 'application/json' } }
    const answer = await endpoint.fetch(endpoint.baseURL + url.replace(/^\/v1/, ''), init as RequestInit)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body) for await (const piece of answer.body) response.write(piece)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    await model.unload()
  }
  return { url: `http://127.0.0.1:${address.port}/`, close }
}

function routeFetch(routes: Routes): void {
  const own = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const address = input instanceof Request ? input.url : String(input)
    const [pattern = /^/, target = ''] = routes.find(([known]) => known.test(address)) ?? []
    const here = address.replace(pattern, target)
    if (!/^(http:\/\/(localhost|127\.0\.0\.1):|blob:|data:)/.test(here))
      throw new Error(`a program asks ${address}, which is not on this machine`)
    return own(input instanceof Request ? new Request(here, input) : here, init)
  }
}

function openDocument(url: string, gpu: GPU): void {
  const window = new Window({ url })
  const values = {
    window,
    document: window.document,
    location: window.location,
    navigator: { gpu, userAgent: window.navigator.userAgent },
  }
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

/** Mounts components as a page does, asks where there is a form, and waits for the answer. */
async function openReact(): Promise<(component: ComponentType) => Promise<void>> {
  const { createRoot } = await import('react-dom/client') // looks for a document when it is imported
  return async (component) => {
    const place = document.createElement('main')
    document.body.append(place)
    const root = createRoot(place)
    root.render(createElement(component))
    const form = await vi.waitFor(() => {
      const found = place.querySelector('form')
      if (!found) expect(place.textContent).toContain('Lanternfish')
      else expect(found.querySelector('input')?.disabled).toBe(false)
      return found
    }, SLOW)
    if (form) {
      const input = form.querySelector('input')
      const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value') ?? {}
      set?.call(input, 'Who are you?') // React notices only its own setter's opposite
      input?.dispatchEvent(new window.Event('input', { bubbles: true }))
      form.requestSubmit()
      await vi.waitFor(() => expect(place.textContent).toContain('I am Lanternfish'), SLOW)
    }
    root.unmount()
    place.remove()
  }
}
const SLOW = { timeout: 60_000, interval: 20 }
