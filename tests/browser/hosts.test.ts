// Tests that a page of another origin and Node read models from any static host that allows it: nginx,
// Apache, Caddy, and imitations of hosts that Debian has no server for.
import { rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { basename, join } from 'node:path'
import { build } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMemory } from '../../src/weights/memory.ts'
import { listen } from '../weights/file-server.ts'
import { describeInChromium, launchChromium } from './chromium.ts'
import { describeInFirefox, launchFirefox } from './firefox.ts'
import {
  APACHE_HOSTS,
  CADDY_HOSTS,
  NGINX_HOSTS,
  OWN_HOSTS,
  type OwnHost,
  type ServerHost,
} from './hosts/kinds.ts'
import { MODEL_FILES, makeRoot } from './hosts/model-folder.ts'
import { startOwnHosts } from './hosts/own-hosts.ts'
import type * as Report from './hosts/report.ts'
import { reportOf, reportOfHost } from './hosts/report.ts'
import {
  isSkipped,
  type ServedFolder,
  startApache,
  startCaddy,
  startNginx,
  type WebServer,
} from './hosts/web-servers.ts'
import { ROOT } from './pages.ts'

declare const hosts: Pick<typeof Report, 'reportOfHost'>

interface Server {
  readonly name: string
  readonly hosts: Readonly<Record<string, ServerHost | OwnHost>>
  readonly start: () => Promise<WebServer>
  readonly skipped: boolean
}

/** Serves the model with a program of Debian's, in each way that `hosts` tells. */
async function serve(
  start: (root: string, folders: readonly ServedFolder[]) => Promise<WebServer>,
  hosts: Readonly<Record<string, ServerHost>>,
): Promise<WebServer> {
  const { root, add } = makeRoot()
  for (const [name, { stored }] of Object.entries(hosts)) add(name, stored)
  const folders = Object.entries(hosts).map(([name, { directives }]) => ({ name, directives }))
  const server = await start(root, folders)
  const close = async () => {
    await server.close()
    rmSync(root, { recursive: true })
  }
  return { ...server, close }
}

const SERVERS: readonly Server[] = [
  {
    name: 'nginx',
    hosts: NGINX_HOSTS,
    start: () => serve(startNginx, NGINX_HOSTS),
    skipped: isSkipped('nginx'),
  },
  {
    name: 'Apache',
    hosts: APACHE_HOSTS,
    start: () => serve(startApache, APACHE_HOSTS),
    skipped: isSkipped('Apache'),
  },
  {
    name: 'Caddy',
    hosts: CADDY_HOSTS,
    start: () => serve(startCaddy, CADDY_HOSTS),
    skipped: isSkipped('Caddy'),
  },
  { name: 'own', hosts: OWN_HOSTS, start: () => startOwnHosts(OWN_HOSTS), skipped: false },
]

const running = new Map<string, WebServer>()
beforeAll(async () => {
  for (const { name, start, skipped } of SERVERS) if (!skipped) running.set(name, await start())
})
afterAll(async () => {
  for (const server of running.values()) await server.close()
})

const folderUrl = (server: string, folder: string, query = '') =>
  `${running.get(server)?.url}${folder}/${query}`

/** A test for each host. */
function testHosts(title: string, read: (url: string) => ReturnType<typeof reportOfHost>): void {
  for (const { name, hosts, skipped } of SERVERS) {
    test.skipIf(skipped).each(Object.entries(hosts))(`${title} from ${name}: %s`, async (folder, host) => {
      const query = 'query' in host ? host.query : ''
      const report = await reportOf(openMemory(MODEL_FILES))
      expect(await read(folderUrl(name, folder, query))).toEqual({ report, usesRanges: host.ranges })
    })
  }
}

describe('the hosts behave as they are meant to', () => {
  for (const { name, hosts, skipped } of SERVERS) {
    test.skipIf(skipped).each(Object.entries(hosts))(`${name}: %s`, async (folder, { fact }) => {
      const { method = 'GET', file = 'a.safetensors', range, answer } = fact
      const headers = range ? { range, 'accept-encoding': 'identity' } : { 'accept-encoding': 'gzip' }
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request(folderUrl(name, folder, file), { method, headers }, resolve)
          .on('error', reject)
          .end()
      })
      response.resume()
      const actual: Record<string, unknown> = { status: response.statusCode, ...response.headers }
      expect(Object.fromEntries(Object.keys(answer).map((name) => [name, actual[name]]))).toEqual(answer)
    })
  }
})

describe('Node', () => testHosts('reads a model', reportOfHost))

/** Serves a page with `hosts`. */
async function servePage() {
  const input = join(ROOT, 'tests', 'browser', 'hosts', 'page.ts')
  const { output } = await build({ input, write: false, platform: 'browser', output: { format: 'esm' } })
  return await listen((request, response) => {
    const script = request.url === '/report.js'
    response.writeHead(200, { 'Content-Type': script ? 'text/javascript' : 'text/html' })
    response.end(script ? output[0].code : '<!doctype html><script type="module" src="report.js"></script>')
  })
}

/** Runs in the page. */
const readInPage = (url: string) => hosts.reportOfHost(url)

interface OpenPage {
  read(url: string): ReturnType<typeof reportOfHost>
  close(): Promise<void>
}

function testInPage(open: (url: string) => Promise<OpenPage>): void {
  let host: Awaited<ReturnType<typeof servePage>>
  let page: OpenPage
  beforeAll(async () => {
    host = await servePage()
    page = await open(host.url)
  })
  afterAll(async () => {
    await page?.close()
    await host?.close()
  })
  testHosts('a page reads a model', (url) => page.read(url))

  test('a file is missing for a page that cannot read the refusal, not unreachable', async () => {
    const host = await listen((request, response) => {
      const file = MODEL_FILES[basename(request.url ?? '')]
      const isMissing = file === undefined || request.url === '/b.safetensors'
      if (!isMissing) response.setHeader('Access-Control-Allow-Origin', '*')
      response.writeHead(isMissing ? 404 : 200).end(isMissing ? '' : file)
    })
    const { report } = Object(await page.read(host.url))
    await host.close()
    expect(report.missing).toEqual({ 'b.text': 'b.safetensors' })
  })

  test('a host that allows no page of another origin is named, with what it must send', async () => {
    const closed = await listen((_, response) => response.end('{}'))
    const { error } = Object(await page.read(closed.url))
    await closed.close()
    expect(error).toContain(closed.url)
    expect(error).toContain('config.json')
    expect(error).toContain('Access-Control-Allow-Origin')
  })
}

describeInChromium('Chromium', () =>
  testInPage(async (url) => {
    const browser = await launchChromium()
    const page = await browser.newPage()
    await page.goto(url)
    return { read: (host) => page.evaluate(readInPage, host), close: () => browser.close() }
  }),
)

describeInFirefox('Firefox', () =>
  testInPage(async (url) => {
    const browser = await launchFirefox()
    const page = await browser.newPage()
    await page.goto(url)
    return { read: (host) => page.evaluate(readInPage, host), close: () => browser.close() }
  }),
)
