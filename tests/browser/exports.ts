// Stands in for the browser's folder picker, and collects what the page exports.
import { readFileSync } from 'node:fs'
import type { Download, Page } from 'playwright'
import { expect } from 'vitest'
import type { ModelFiles } from '../support/folder.ts'

/** Makes the page's folder picker return a folder of the private file system. */
export const replacePicker = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.showDirectoryPicker = async () =>
      (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true })
  })

/** Leaves the page without a folder picker, as in Firefox. */
export const removePicker = (page: Page): Promise<boolean> =>
  page.evaluate(() => Reflect.deleteProperty(window, 'showDirectoryPicker'))

/** Bytes of the files in the picked folder. */
export const pickedSizes = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('picked')
    const found: Record<string, number> = {}
    for await (const handle of folder.values())
      found[handle.name] = (await (handle as FileSystemFileHandle).getFile()).size
    return found
  })

/** The files that `action` downloads, in order. */
export async function downloadsOf(
  page: Page,
  count: number,
  action: () => Promise<void>,
): Promise<ModelFiles> {
  const downloads: Download[] = []
  page.on('download', (one) => downloads.push(one))
  await action()
  await expect.poll(() => downloads.length).toBe(count)
  const files: ModelFiles = {}
  for (const one of downloads) files[one.suggestedFilename()] = new Uint8Array(readFileSync(await one.path()))
  return files
}
