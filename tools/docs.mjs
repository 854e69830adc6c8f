// Builds the documentation site into dist/app/docs: TypeDoc renders the documents of tools/docs-pages.mjs and
// the interface of every entry. `npm run docs`.
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureDependencies, fail, root } from './bootstrap.mjs'
import { FRONT_PAGE, GROUPS, writeDocuments } from './docs-pages.mjs'

/** The documented entries and their modules. */
const ENTRIES = {
  hadal: 'src/index.ts',
  'hadal/core': 'src/core.ts',
  'hadal/openai': 'src/openai/index.ts',
  'hadal/ai-sdk': 'src/ai-sdk/index.ts',
  'hadal/react': 'src/react/index.ts',
}
const REFERENCE = 'API reference'

/** For hosts that send no headers. TypeDoc's script fills its search box by innerHTML: no Trusted Types. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * Builds the site.
 * @param {string} [folder] is emptied first
 */
export async function buildDocs(folder = join(root, 'dist', 'app', 'docs')) {
  const documents = mkdtempSync(join(tmpdir(), 'hadal-docs-'))
  try {
    await render(writeDocuments(documents), folder)
  } finally {
    rmSync(documents, { recursive: true, force: true })
  }
  hardenPages(folder)
}

/** @param {ReturnType<typeof writeDocuments>} documents */
async function render(documents, folder) {
  const { Application, Comment, KindRouter } = await import('typedoc')
  const app = await Application.bootstrap({
    name: 'Hadal',
    entryPoints: Object.values(ENTRIES).map((path) => join(root, path)),
    tsconfig: join(root, 'tools', 'tsconfig.types.json'),
    skipErrorChecking: true, // `npm test` checks types
    excludeInternal: true,
    disableSources: true, // the sources have no address that links could name
    readme: documents.find(({ path }) => path === FRONT_PAGE)?.file ?? fail(`${FRONT_PAGE} is missing`),
    projectDocuments: documents.filter(({ path }) => path !== FRONT_PAGE).map(({ file }) => file),
    groupOrder: [...GROUPS, REFERENCE, '*'],
    sortEntryPoints: false,
    navigation: { includeGroups: true, includeCategories: false, includeFolders: false },
    navigationLeaves: Object.keys(ENTRIES), // a link that also unfolds is nothing for a keyboard
    router: 'hadal',
    customCss: join(root, 'docs', 'site.css'),
    favicon: join(root, 'public', 'icon.svg'),
    navigationLinks: { Chat: '../' },
    hideGenerator: true,
    githubPages: false,
    includeHierarchySummary: false,
    cacheBust: true, // hosts may cache assets/ for good
    searchInDocuments: true,
    useFirstParagraphOfCommentAsSummary: true,
    headings: { readme: false, document: true },
    visibilityFilters: {},
    highlightLanguages: [
      'css',
      'html',
      'http',
      'javascript',
      'json',
      'shellscript',
      'tsx',
      'typescript',
      'wgsl',
    ],
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
    logLevel: 'Warn',
  })
  const addresses = new Map(documents.map(({ title, address }) => [title, address]))
  class Router extends KindRouter {
    getIdealBaseName(reflection) {
      const address = reflection.isDocument() ? addresses.get(reflection.name) : undefined
      return address ?? super.getIdealBaseName(reflection)
    }
  }
  app.renderer.defineRouter('hadal', Router)
  const project = (await app.convert()) ?? fail('TypeDoc could not read the sources')
  nameEntries(project, Comment)
  await app.generateDocs(project, folder)
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    fail('fix the documentation: see the messages above')
}

/** Names the modules after the entries, in a group of their own, with the first sentence of their files. */
function nameEntries(project, Comment) {
  for (const [i, [name, path]] of Object.entries(ENTRIES).entries()) {
    const module = project.children?.[i] ?? fail(`TypeDoc does not show ${name}`)
    module.name = name
    const [head = ''] = /^(\/\/ .*\n)+/.exec(readFileSync(join(root, path), 'utf8')) ?? []
    const text = head
      .replace(/^\/\/ /gm, '')
      .replaceAll('\n', ' ')
      .trim()
    module.comment = new Comment([{ kind: 'text', text }])
  }
  for (const group of project.groups ?? []) if (group.title === 'Modules') group.title = REFERENCE
}

/** Adds the policy to every page, and moves into files and classes what it forbids inside pages. */
function hardenPages(folder) {
  const scripts = new Set()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.html')) continue
    const path = join(folder, name)
    const page = readFileSync(path, 'utf8')
    const base = /<html[^>]* data-base="([^"]*)"/.exec(page)?.[1] ?? fail(`${name} has no base`)
    const hardened = page
      .replace('<head>', `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}"/>`)
      .replace(/<script>(.*?)<\/script>/gs, (_, script) => {
        scripts.add(script)
        return `<script src="${base}assets/start.js"></script>`
      })
      .replaceAll(/<(pre|table)>/g, '<$1 tabindex="0">') // they may scroll
      .replaceAll(/<summary.*?<\/summary>/gs, (summary) =>
        summary.replace(/<a [^>]*anchor-icon.*?<\/a>/s, ''),
      )
      .replaceAll(' style="text-align:right"', ' class="right"')
      .replaceAll(/ style="text-align:(left|center)"/g, '')
    writeFileSync(path, hardened)
  }
  if (scripts.size !== 1) fail(`TypeDoc wrote ${scripts.size} inline scripts: expected one`)
  writeFileSync(join(folder, 'assets', 'start.js'), [...scripts].join(''))
  detachStyles(join(folder, 'assets', 'main.js'))
}

/** TypeDoc's script adds an element for the styles of its filters, which the site does not have. */
function detachStyles(path) {
  const attached = 'document.head.appendChild(document.createElement("style"))'
  const script = readFileSync(path, 'utf8')
  if (!script.includes(attached)) fail('TypeDoc adds its styles in another way: see detachStyles')
  writeFileSync(path, script.replace(attached, 'document.createElement("style")'))
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  ensureDependencies()
  await buildDocs()
}
