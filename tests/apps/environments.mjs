// The applications that `npm run test:apps` makes: for each bundler and context, its files and its commands.

const MODEL = '/models/lanternfish/'

/** Asks a model and returns the streamed text. @param entry of the package @param options of loadModel */
const asking = (entry, options = '{}') => `
import { loadModel } from '${entry}'
export async function answer() {
  try {
    const model = await loadModel(new URL('${MODEL}', self.location.origin), ${options})
    const messages = [{ role: 'user', content: 'Who are you?' }]
    const stream = await model.chat.completions.create({ messages, temperature: 0, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    await model.unload()
    return text
  } catch (error) {
    return [error.code, error.message, error.hint].join(' | ')
  }
}
`
const SHOW = `
answer().then((text) => {
  const output = document.createElement('output')
  output.textContent = text
  document.body.append(output)
})
`
const page = (script, head = '') => `<!doctype html><html><head><title>app</title>${head}</head>
<body><script type="module" src="${script}"></script></body></html>`

const main = asking('hadal') + SHOW
const ESBUILD = ['esbuild', '--bundle', '--format=esm', '--outdir=out']

/** Answers what a worker of this page says; \`start\` makes an object with postMessage and messages. */
const fromWorker = (start) => `
const worker = ${start}
const answer = () => new Promise((resolve) => {
  worker.addEventListener('message', ({ data }) => resolve(data))
  worker.addEventListener('error', ({ message }) => resolve(message))
})
${SHOW}`
const WORKER = `${asking('hadal/core')}\nanswer().then((text) => postMessage(text))`

const SERVICE_WORKER = `${asking('hadal/core')}
addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('message', (event) => {
  event.waitUntil(answer().then((text) => event.source.postMessage(text)))
})
`
const SERVED = `
const answer = () => new Promise((resolve) => {
  navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data))
  navigator.serviceWorker.startMessages()
  navigator.serviceWorker.ready.then(({ active }) => active.postMessage('go'))
})
navigator.serviceWorker.register('/out/service-worker.js', { type: 'module', scope: '/' })
${SHOW}`

const TRUSTED = `{
  worker: () => {
    const policy = trustedTypes.createPolicy('app', { createScriptURL: (address) => address })
    return new Worker(policy.createScriptURL('/out/worker.js'), { type: 'module' })
  },
}`

const NEXT_PAGE = `'use client'
import { useEffect, useState } from 'react'
import { answer } from './answer'
export default function Page() {
  const [text, setText] = useState('')
  useEffect(() => void answer().then(setText), [])
  return text === '' ? null : <output>{text}</output>
}`
const NEXT_LAYOUT = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>
}`

/** @type {import('./environment').Environment[]} */
export const ENVIRONMENTS = [
  {
    name: 'import map, no bundler',
    files: {
      'index.html': page(
        '/main.js',
        '<script type="importmap">{"imports":{"hadal":"/node_modules/hadal/dist/lib/index.js"}}</script>',
      ),
      'main.js': main,
    },
    folder: '.',
  },
  {
    name: 'Vite 8, build',
    quick: true,
    dependencies: { vite: '8.3.8' },
    files: { 'index.html': page('/main.js'), 'main.js': main },
    build: [['vite', 'build', '--logLevel', 'warn']],
    folder: 'dist',
    publicFolder: 'public',
  },
  {
    name: 'Vite 8, dev',
    dependencies: { vite: '8.3.8' },
    files: { 'index.html': page('/main.js'), 'main.js': main },
    serve: (port) => ['vite', '--host', '127.0.0.1', '--strictPort', '--port', port],
    publicFolder: 'public',
  },
  {
    name: 'Vite 7, dev',
    configured: "optimizeDeps: { exclude: ['hadal'] }",
    dependencies: { vite: '7.3.8' },
    files: {
      'index.html': page('/main.js'),
      'main.js': main,
      'vite.config.js': "export default { optimizeDeps: { exclude: ['hadal'] } }",
    },
    serve: (port) => ['vite', '--host', '127.0.0.1', '--strictPort', '--port', port],
    publicFolder: 'public',
  },
  {
    name: 'esbuild',
    configured: 'second entry worker=hadal/worker',
    quick: true,
    dependencies: { esbuild: '0.28.2' },
    files: { 'index.html': page('/out/main.js'), 'main.js': main },
    build: [[...ESBUILD, '--splitting', 'main.js', 'worker=hadal/worker']],
    folder: '.',
  },
  {
    name: 'Rollup 4',
    configured: "second input worker: 'hadal/worker'",
    dependencies: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' },
    files: {
      'index.html': page('/out/main.js'),
      'main.js': main,
      'rollup.config.js': `import resolve from '@rollup/plugin-node-resolve'
export default {
  input: { main: 'main.js', worker: 'hadal/worker' },
  plugins: [resolve({ browser: true })],
  output: { dir: 'out', format: 'esm' },
}`,
    },
    build: [['rollup', '-c', '--silent']],
    folder: '.',
  },
  {
    name: 'webpack 5',
    dependencies: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
    files: {
      'index.html': page('/out/main.js'),
      'main.js': main,
      'webpack.config.js': `import { resolve } from 'node:path'
export default { mode: 'production', entry: './main.js', output: { path: resolve('out') } }`,
    },
    build: [['webpack']],
    folder: '.',
  },
  {
    name: 'Parcel 2, build',
    configured: 'package.json: "@parcel/resolver-default": { "packageExports": true }; --no-scope-hoist',
    dependencies: { parcel: '2.16.4' },
    description: { '@parcel/resolver-default': { packageExports: true } },
    files: { 'index.html': page('./main.js'), 'main.js': main },
    build: [['parcel', 'build', 'index.html', '--dist-dir', 'out', '--no-scope-hoist', '--no-source-maps']],
    folder: 'out',
  },
  {
    name: 'Parcel 2, dev',
    configured: 'package.json: "@parcel/resolver-default": { "packageExports": true }',
    dependencies: { parcel: '2.16.4' },
    description: { '@parcel/resolver-default': { packageExports: true } },
    files: { 'index.html': page('./main.js'), 'main.js': main },
    serve: (port) => ['parcel', 'serve', 'index.html', '--host', '127.0.0.1', '--port', port],
    publicFolder: 'dist',
  },
  {
    name: 'Next.js 16, app router',
    dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    files: {
      'app/page.jsx': NEXT_PAGE,
      'app/layout.jsx': NEXT_LAYOUT,
      'app/answer.js': asking('hadal'),
    },
    build: [['next', 'build']],
    serve: (port) => ['next', 'start', '--hostname', '127.0.0.1', '--port', port],
    publicFolder: 'public',
  },
  {
    name: 'dedicated worker of the app (Vite 8)',
    configured: 'hadal/core instead of hadal',
    dependencies: { vite: '8.3.8' },
    files: {
      'index.html': page('/main.js'),
      'main.js': fromWorker("new Worker(new URL('./own-worker.js', import.meta.url), { type: 'module' })"),
      'own-worker.js': WORKER,
      'vite.config.js': "export default { worker: { format: 'es' } }",
    },
    build: [['vite', 'build', '--logLevel', 'warn']],
    folder: 'dist',
    publicFolder: 'public',
  },
  {
    name: 'service worker (esbuild)',
    configured: 'hadal/core instead of hadal; one file, since service workers have no import()',
    dependencies: { esbuild: '0.28.2' },
    files: {
      'index.html': page('/out/main.js'),
      'main.js': SERVED,
      'service-worker.js': SERVICE_WORKER,
    },
    build: [[...ESBUILD, 'main.js', 'service-worker.js']],
    folder: '.',
    headers: { 'Service-Worker-Allowed': '/' },
  },
  {
    name: "CSP script-src 'self', Trusted Types",
    dependencies: { esbuild: '0.28.2' },
    configured: 'esbuild: second entry; option `worker` with an address from a policy of the page',
    files: { 'index.html': page('/out/main.js'), 'main.js': asking('hadal', TRUSTED) + SHOW },
    build: [[...ESBUILD, '--splitting', 'main.js', 'worker=hadal/worker']],
    folder: '.',
    headers: { 'Content-Security-Policy': "script-src 'self'; require-trusted-types-for 'script'" },
  },
]
