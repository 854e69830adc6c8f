// Answers: where does the command line keep what tuning found, and how does it find it again? One JSON file in the user's cache folder.
// It must not know what a winner is.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ReadTuned, Winners } from '../engine/tuned.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import type { Args } from './args.ts'

/** The file, by the rules of the XDG base directories. */
export const tunedFile = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hadal', 'tuned.json')

/** What is stored under an adapter's key; undefined where nothing is, or nothing that can be read. */
export async function readTuned(key: string): Promise<unknown> {
  const all = await readAll()
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/** What reads it, unless the options say `--untuned`. */
export const tunedReader = (args: Args): ReadTuned | undefined =>
  args.flag('untuned') ? undefined : readTuned

/** In words, for the head of what a benchmark prints. */
export function tunedText(winners: Winners): string {
  const each = Object.entries(winners).map(([decision, winner]) => `${decision} ${winner}`)
  return each.length === 0 ? 'nothing tuned' : `tuned: ${each.join(', ')}`
}

/** Stores an adapter's winners; undefined forgets them. Returns whether there was anything to change. */
export async function writeTuned(key: string, winners: Winners | undefined): Promise<boolean> {
  const { [key]: before, ...others } = await readAll()
  if (!winners && before === undefined) return false
  const file = tunedFile()
  const partial = `${file}.${process.pid}`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(
      partial,
      `${JSON.stringify(winners ? { ...others, [key]: winners } : others, undefined, 2)}\n`,
    )
    await rename(partial, file)
  } catch (cause) {
    throw new HadalError('internal', `${file} could not be written: ${cause}`, {
      cause,
      hint: 'Point XDG_CACHE_HOME at a folder that can be written.',
    })
  }
  return true
}

/** A file that is missing or broken holds nothing: winners can always be measured again. */
async function readAll(): Promise<Record<string, unknown>> {
  try {
    const all: unknown = JSON.parse(await readFile(tunedFile(), 'utf8'))
    return isRecord(all) ? all : {}
  } catch {
    return {}
  }
}
