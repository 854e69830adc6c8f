// Exports a stored model from the models dialog: into a folder, which stands in for the picked one, and as
// downloads.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import type { ModelFiles } from '../support/folder.ts'

const LAST = 'config.json'
/** A software GPU is slow. */
const SLOW_MS = 500_000

/**
 * Exports into an empty folder, tries it again, and exports without a folder picker, as in Firefox.
 * @returns bytes by name in the folder, the message of the second attempt, and the downloaded files
 */
export async function exportEachWay(page: Page, name: string) {
  await page.evaluate(() => {
    window.showDirectoryPicker = async () =>
      (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true })
  })
  const dialog = page.getByRole('dialog')
  const exportModel = () => dialog.getByRole('button', { name: `Export ${name}` }).click()
  await exportModel()
  await expect.poll(() => pickedSizes(page), { timeout: SLOW_MS }).toHaveProperty([LAST])
  const sizes = await pickedSizes(page)
  await exportModel()
  const refusal = await dialog.getByRole('alert').innerText()
  expect(await pickedSizes(page)).toEqual(sizes)
  await page.evaluate(() => Reflect.deleteProperty(window, 'showDirectoryPicker'))
  const files: ModelFiles = {}
  const downloaded = new Promise<void>((resolve) => {
    page.on('download', async (one) => {
      files[one.suggestedFilename()] = new Uint8Array(readFileSync(await one.path()))
      if (Object.keys(files).length === Object.keys(sizes).length) resolve()
    })
  })
  await exportModel()
  await downloaded
  return { sizes, refusal, files }
}

const pickedSizes = (page: Page) =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle('picked', { create: true })
    const found: Record<string, number> = {}
    for await (const handle of folder.values())
      found[handle.name] = (await (handle as FileSystemFileHandle).getFile()).size
    return found
  })
