// Answers: what does the build add to the page? Its content security policy, and for the service worker the list of files to keep.
// It must not know what the files do.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  // Models are read from whatever host the person names, and from nowhere else.
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types default',
].join('; ')

/** Vite plugin: the built page carries its policy. Not while developing, where styles are injected. */
export function contentSecurityPolicy() {
  return {
    name: 'hadal:csp',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/**
 * Vite plugin: replaces `__PRECACHE__` in the service worker by what it keeps: the page's files and the bundled models', each list with
 * a version made of names and content.
 * @param {{ worker: string, publicFolder: string }} options worker: its file name in the output
 */
export function precache({ worker, publicFolder }) {
  return {
    name: 'hadal:precache',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const built = Object.values(bundle)
          .filter(({ fileName }) => fileName !== worker && !fileName.endsWith('.map'))
          .map((file) => ({ path: addressOf(file.fileName), content: file.code ?? file.source }))
        const copied = readdirSync(publicFolder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => ({
            path: path.slice(publicFolder.length + 1).replaceAll('\\', '/'),
            content: readFileSync(path),
          }))
        const isModel = ({ path }) => path.startsWith('models/')
        const lists = {
          page: versioned([...built, ...copied.filter((file) => !isModel(file))]),
          model: versioned(copied.filter(isModel)),
        }
        const chunk = bundle[worker]
        if (!chunk?.code.includes('__PRECACHE__')) this.error(`${worker} has no place for the list of files`)
        chunk.code = chunk.code.replaceAll('__PRECACHE__', JSON.stringify(lists))
      },
    },
  }
}

/** Hosts serve a folder's index.html at the folder's own address. */
function addressOf(fileName) {
  return fileName.replace(/(^|\/)index\.html$/, '$1') || './'
}

function versioned(files) {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const hash = createHash('sha256')
  for (const { path, content } of sorted) hash.update(`${path}\n`).update(content)
  return { version: hash.digest('hex').slice(0, 16), files: sorted.map(({ path }) => path) }
}
