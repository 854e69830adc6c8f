// Stores the results of tuning in one JSON file in the user's cache folder.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ReadTuned, TunedVariants } from '../engine/load/tuned-variants.ts'
import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import type { CliArgs } from './args.ts'

/** Path of the file, by the XDG base directory specification. */
export const tunedFile = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hadal', 'tuned.json')

/** What is stored for an adapter's key; undefined if nothing readable is. */
export async function readTuned(key: string): Promise<unknown> {
  const all = await readAll()
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/** Reads stored winners for a load; undefined with `--untuned`. */
export const tunedReader = (args: CliArgs): ReadTuned | undefined =>
  args.flag('untuned') ? undefined : readTuned

/** One line for the header of a benchmark. */
export function tunedText(winners: TunedVariants): string {
  const texts = Object.entries(winners).map(([decision, winner]) => `${decision} ${winner}`)
  return texts.length === 0 ? 'nothing tuned' : `tuned: ${texts.join(', ')}`
}

/**
 * Stores an adapter's winners, or removes them if undefined. Returns false if there was nothing to remove.
 */
export async function writeTuned(key: string, winners: TunedVariants | undefined): Promise<boolean> {
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
    throw new HadalError('internal', `Cannot write ${file}: ${cause}`, {
      cause,
      hint: 'Set XDG_CACHE_HOME to a writable folder.',
    })
  }
  return true
}

/** A missing or broken file counts as empty: winners can be measured again. */
async function readAll(): Promise<Record<string, unknown>> {
  try {
    const all: unknown = JSON.parse(await readFile(tunedFile(), 'utf8'))
    return isJsonObject(all) ? all : {}
  } catch {
    return {}
  }
}
