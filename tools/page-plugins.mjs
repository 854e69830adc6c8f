// Vite plugins of the page: its content security policy, and the list of files that the service worker
// caches.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  // Models are read from the host that the user names.
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types default',
].join('; ')

/** Adds the policy to the built page. Not in development, where Vite injects styles. */
export function contentSecurityPolicy() {
  return {
    name: 'hadal:csp',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/**
 * Adds the tables by which pdf.js reads Chinese, Japanese and Korean texts of PDFs that do not contain them.
 * @param {{ from: string, to: string }} folders to: in the output
 */
export function pdfTables({ from, to }) {
  return {
    name: 'hadal:pdf-tables',
    apply: 'build',
    generateBundle() {
      for (const name of readdirSync(from))
        this.emitFile({ type: 'asset', fileName: `${to}${name}`, source: readFileSync(join(from, name)) })
    },
  }
}

/**
 * Replaces `__PRECACHE__` in the service worker with the files to cache: those of the page and those of the
 * bundled model, each list with a version hashed from names and content, and those to cache on first use.
 * @param {{ worker: string, publicFolder: string, firstUse: RegExp }} options worker: its file name in the
 *   output; firstUse: matches the names of files that are large and rarely used, up to where they differ
 */
export function precache({ worker, publicFolder, firstUse }) {
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
        const isRare = ({ path }) => firstUse.test(path)
        const common = built.filter((file) => !isRare(file))
        const lists = {
          page: versioned([...common, ...copied.filter((file) => !isModel(file))]),
          model: versioned(copied.filter(isModel)),
          firstUse: [...new Set(built.flatMap(({ path }) => firstUse.exec(path)?.[0] ?? []))],
        }
        const chunk = bundle[worker]
        if (!chunk?.code.includes('__PRECACHE__')) this.error(`${worker} does not contain __PRECACHE__`)
        chunk.code = chunk.code.replaceAll('__PRECACHE__', JSON.stringify(lists))
      },
    },
  }
}

/** The address of a file: a folder's index.html is served at the folder's address. */
function addressOf(fileName) {
  return fileName.replace(/(^|\/)index\.html$/, '$1') || './'
}

function versioned(files) {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const hash = createHash('sha256')
  for (const { path, content } of sorted) hash.update(`${path}\n`).update(content)
  return { version: hash.digest('hex').slice(0, 16), files: sorted.map(({ path }) => path) }
}
