// Stores tuning results in one small file of the private file system, which workers and pages can read.
import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'

const FILE_NAME = 'hadal-tuned.json'

/** The stored entry of an adapter's key; undefined when there is none or the file is unreadable. */
export async function readTuned(key: string): Promise<unknown> {
  const all = await readAll()
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/**
 * Stores an adapter's tuned variants; undefined deletes them. Errors: `unsupported` if files cannot be
 * stored.
 */
export async function writeTuned(key: string, variants: object | undefined): Promise<void> {
  const { [key]: _, ...others } = await readAll()
  const all = variants ? { ...others, [key]: variants } : others
  try {
    const folder = await navigator.storage.getDirectory()
    const file = await (await folder.getFileHandle(FILE_NAME, { create: true })).createWritable()
    await file.write(JSON.stringify(all))
    await file.close()
  } catch (cause) {
    throw new HadalError('unsupported', `This browser does not let this page store files: ${cause}`, {
      cause,
      hint: 'The tuning still applies until the page is closed.',
    })
  }
}

/** A missing or broken file counts as empty: tuning can always be repeated. */
async function readAll(): Promise<Record<string, unknown>> {
  try {
    const folder = await navigator.storage.getDirectory()
    const file = await (await folder.getFileHandle(FILE_NAME)).getFile()
    const all: unknown = JSON.parse(await file.text())
    return isJsonObject(all) ? all : {}
  } catch {
    return {}
  }
}
