// The examples of the documentation as applications that `npm run test:apps` makes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../tools/bootstrap.mjs'

const FOLDER = join(root, 'docs', 'examples')

/** The files of an example, and what its package.json needs beside the package. */
function example(name) {
  const folder = join(FOLDER, name)
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const files = Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
  )
  const { dependencies, devDependencies } = JSON.parse(files['package.json'])
  const { hadal: _, ...others } = { ...dependencies, ...devDependencies }
  const exact = Object.entries(others).map(([name, range]) => [name, range.replace('^', '')])
  return { name: `example ${name}`, files, dependencies: Object.fromEntries(exact) }
}

/**
 * Asks in a chat, stops a second answer, and returns the first.
 * @param {import('playwright').Page} page
 */
async function chat(page) {
  const ask = async (question) => {
    await page.getByLabel('Your question').fill(question)
    await page.getByRole('button', { name: 'Send' }).click()
  }
  const isReady = () => page.getByLabel('Your question').and(page.locator(':enabled')).waitFor()
  await isReady()
  await ask('Who are you?')
  await isReady()
  const text = await page.locator('.answer').last().textContent()
  await ask('Tell me a very short story.')
  await page.getByRole('button', { name: 'Stop' }).click()
  await isReady()
  return text.trim()
}
const page = { use: chat, path: '?model=/models/lanternfish/' }

/** @type {Record<'page' | 'react' | 'node', import('./environment').Environment>} */
export const EXAMPLES = {
  page: { ...example('page'), ...page, quick: true },
  react: {
    ...example('react'),
    ...page,
    build: [['vite', 'build', '--logLevel', 'warn']],
    folder: 'dist',
    publicFolder: 'public',
  },
  node: {
    ...example('node'),
    hasNoPage: true,
    build: [['node', 'main.mjs', join(root, 'public', 'models', 'lanternfish')]],
  },
}
