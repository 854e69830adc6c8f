// Answers: where does a browser keep what tuning found? In one small file of its private file system, which workers reach as well as pages.
// It must not know what a winner is.
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'

const NAME = 'hadal-tuned.json'

/** What is stored under an adapter's key; undefined where nothing is, or nothing that can be read. */
export async function readTuned(key: string): Promise<unknown> {
  const all = await readAll()
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/** Stores an adapter's winners; undefined forgets them. Throws `unsupported` where nothing can be kept. */
export async function writeTuned(key: string, winners: object | undefined): Promise<void> {
  const { [key]: _, ...others } = await readAll()
  const all = winners ? { ...others, [key]: winners } : others
  try {
    const folder = await navigator.storage.getDirectory()
    const file = await (await folder.getFileHandle(NAME, { create: true })).createWritable()
    await file.write(JSON.stringify(all))
    await file.close()
  } catch (cause) {
    throw new HadalError('unsupported', `This browser keeps no files: ${cause}`, {
      cause,
      hint: 'Tuning works without them until the page is closed.',
    })
  }
}

/** A file that is missing or broken holds nothing: winners can always be measured again. */
async function readAll(): Promise<Record<string, unknown>> {
  try {
    const folder = await navigator.storage.getDirectory()
    const file = await (await folder.getFileHandle(NAME)).getFile()
    const all: unknown = JSON.parse(await file.text())
    return isRecord(all) ? all : {}
  } catch {
    return {}
  }
}
