// Writes and reads conversations as JSON: whole trees with all versions.
import { HadalError } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { readConversation } from './read.ts'
import type { Conversation, ConversationModel } from './types.ts'

const FORMAT = 'hadal-conversations'
/** Version of both formats. */
export const VERSION = 1

/** What could be read of a file, and how many conversations of it could not. */
export interface ReadFile {
  readonly conversations: readonly Conversation[]
  readonly skipped: number
}

/** The text of a file; leaves out what belongs to this device, such as where a local model is. */
export function toJson(conversations: readonly Conversation[]): string {
  const written = conversations.map(({ info, messages }) => {
    const { id: _id, deleted: _deleted, savedCache: _cache, model, ...kept } = info
    return { ...kept, ...(model && { model: withoutLocalPath(model) }), messages }
  })
  return `${JSON.stringify({ format: FORMAT, version: VERSION, conversations: written }, undefined, 1)}\n`
}

/** Addresses that mean the same everywhere: of the Hub or of another host. */
const PUBLIC_SOURCE = /^(hf:|https:)/

function withoutLocalPath({ source, ...model }: ConversationModel): ConversationModel {
  return { ...model, ...(source !== undefined && PUBLIC_SOURCE.test(source) && { source }) }
}

/**
 * Reads what `toJson` wrote. All conversations get new ids. Throws `bad_file` if the text is another file.
 * @param file its name, for errors
 */
export function fromJson(text: string, file: string): ReadFile {
  const json = parse(text, file)
  if (!isJsonObject(json) || json.format !== FORMAT || !Array.isArray(json.conversations))
    throw badFile(file, `it is JSON, but not of the format "${FORMAT}"`)
  checkVersion(json.version, file)
  const conversations = json.conversations.flatMap((raw) => readOrSkip(raw) ?? [])
  return { conversations, skipped: json.conversations.length - conversations.length }
}

function readOrSkip(raw: unknown): Conversation | undefined {
  if (!isJsonObject(raw) || !Array.isArray(raw.messages)) return undefined
  const read = readConversation(raw)
  return read.messages.length > 0 ? read : undefined
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badFile(file, `it is not valid JSON (${error instanceof Error ? error.message : error})`)
  }
}

/** The error for a file that is none of ours. */
export const badFile = (file: string, why: string): HadalError =>
  new HadalError('bad_file', `${file} cannot be imported: ${why}.`, {
    file,
    hint: 'Choose a .json or .md file that was exported from this page.',
  })

/** Throws `bad_file` for a file of another version of this page. */
export function checkVersion(version: unknown, file: string): void {
  if (version === VERSION) return
  const found = JSON.stringify(version)?.slice(0, 20)
  throw new HadalError(
    'bad_file',
    `${file} cannot be imported: its format has the unknown version ${found}.`,
    {
      file,
      hint: 'Reload this page to get its latest version, then import the file again.',
    },
  )
}
