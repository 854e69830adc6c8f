// Conversations as files: names and contents of exports, and reading of what is imported.
import { badFile, fromJson, type ReadFile, toJson } from './transfer-json.ts'
import { fromMarkdown, type MarkdownWords, toMarkdown } from './transfer-markdown.ts'
import type { Conversation } from './types.ts'

export type TransferFormat = 'json' | 'markdown'

const MAX_FILE_BYTES = 128 * 2 ** 20

/** The content of an exported file, and its name: that of a single conversation, or of all with the date. */
export function exportFile(
  conversations: readonly Conversation[],
  format: TransferFormat,
  words: MarkdownWords,
): { readonly name: string; readonly content: Blob } {
  const json = format === 'json'
  const text = json ? toJson(conversations) : toMarkdown(conversations, words)
  const type = json ? 'application/json' : 'text/markdown'
  const [single, ...others] = conversations
  const title = single && others.length === 0 ? fileNameOf(single.info.title) : ''
  const date = new Date().toISOString().slice(0, 10)
  return {
    name: `${title || `hadal-conversations-${date}`}.${json ? 'json' : 'md'}`,
    content: new Blob([text], { type }),
  }
}

/** A title as a file name: letters and digits of any language. */
const fileNameOf = (title: string): string =>
  title
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '')

/** Reads an exported file of either format. Throws `bad_file`. */
export async function readFile(file: File): Promise<ReadFile> {
  if (file.size > MAX_FILE_BYTES)
    throw badFile(file.name, `it is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB, the most that is read`)
  const text = await file.text()
  return /^\s*[{[]/.test(text) ? fromJson(text, file.name) : fromMarkdown(text, file.name)
}
