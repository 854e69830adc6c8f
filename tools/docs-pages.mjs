// The documents of the site, in the order of its menu, prepared for TypeDoc.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fail, root } from './bootstrap.mjs'

export const FRONT_PAGE = 'docs/README.md'

const guides = (...names) => names.map((name) => `docs/guides/${name}.md`)

/** Group of the menu → its documents. */
const MENU = {
  Guides: [
    ...guides(
      'quick-start',
      'load',
      'stream',
      'stop',
      'sessions',
      'tools',
      'json',
      'votes',
      'experts',
      'drafts',
    ),
    ...guides('memory', 'gpu-loss', 'errors'),
  ],
  Environments: guides('workers-and-csp', 'react', 'nextjs', 'node', 'service-worker', 'clients', 'endpoint'),
  Examples: ['', 'page/', 'react/', 'node/'].map((name) => `docs/examples/${name}README.md`),
  Background: [
    'docs/quantization.md',
    'docs/hosting.md',
    'docs/catalogue.md',
    'PERFORMANCE.md',
    ...['method', 'software-adapters', 'tuning', 'comparisons', 'trials'].map(
      (name) => `docs/performance/${name}.md`,
    ),
  ],
  Contributing: [
    ...guides('add-a-model', 'add-a-format', 'add-a-kernel'),
    'src/README.md',
    'shaders/README.md',
  ],
}
export const GROUPS = Object.keys(MENU)
export const DOCUMENTS = [FRONT_PAGE, ...Object.values(MENU).flat()]

/**
 * Writes the documents into a folder, as TypeDoc wants them.
 * @param {string} folder
 */
export function writeDocuments(folder) {
  const groups = new Map(Object.entries(MENU).flatMap(([group, paths]) => paths.map((path) => [path, group])))
  return DOCUMENTS.map((path) => {
    const [, title = fail(`${path} has no title`), text] =
      /^# ([^\n]+)\n+(.*)$/s.exec(readFileSync(join(root, path), 'utf8')) ?? []
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    const head = `---\ntitle: ${JSON.stringify(title)}\ngroup: ${groups.get(path)}\n---\n\n`
    const body = prepared(text, path, folder) + linkedFiles(text, path)
    writeFileSync(file, (path === FRONT_PAGE ? `# ${title}\n\n` : head) + body)
    return { path, file, title, address: addressOf(path) }
  })
}

/** Fences keep their language alone, and links lead to documents of the site or to nothing. */
function prepared(text, path, folder) {
  return text
    .replace(/^(\s*```\w+) .*$/gm, '$1')
    .replace(/(!?)\[((?:!\[[^\]]*\]\([^)]*\)|[^\]])*)\]\(([^)\s]+)\)/g, (link, image, label, target) => {
      if (/^(https?:|#)/.test(target)) return link
      const [file] = target.split('#')
      const named = posix.join(posix.dirname(path), file)
      if (image) copyInto(folder, named)
      return image || DOCUMENTS.includes(named) ? link : label
    })
}

/** The files of an example that its document links to, as code. */
function linkedFiles(text, path) {
  if (!path.startsWith('docs/examples/')) return ''
  const names = [...text.matchAll(/\]\(([\w./-]+\.(\w+))\)/g)].filter(([, , ending]) => ending !== 'md')
  return names
    .map(([, name, ending]) => {
      const code = readFileSync(join(root, dirname(path), name), 'utf8').trimEnd()
      return `\n## ${name}\n\n\`\`\`${ending.replace('mjs', 'js')}\n${code}\n\`\`\`\n`
    })
    .join('')
}

function copyInto(folder, path) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  copyFileSync(join(root, path), join(folder, path))
}

/** Address of a document below the site, without its ending. */
function addressOf(path) {
  const name = path.replace(/(\/README)?\.md$/, '').replace(/^docs\//, '')
  return name.includes('/') ? name : `documents/${name.toLowerCase()}`
}
