// Writes the shown paths of conversations as Markdown that any viewer shows, and reads them again.
import { isJsonObject } from '../../lib/json.ts'
import { tryOrUndefined } from '../shared/storage.ts'
import { readConversation } from './read.ts'
import { badFile, checkVersion, type ReadFile, VERSION } from './transfer-json.ts'
import { shownPath } from './tree.ts'
import { type Answer, type Conversation, type Question, ROOT } from './types.ts'

/** The heading of questions and the summary of folded thinking. */
export interface MarkdownWords {
  readonly you: string
  readonly thinking: string
}

/** The text of a file. Comments such as `<!-- hadal:question -->` mark where each part begins. */
export function toMarkdown(conversations: readonly Conversation[], words: MarkdownWords): string {
  return conversations.map((chat) => writeConversation(chat, words)).join('\n')
}

function writeConversation(chat: Conversation, words: MarkdownWords): string {
  const { title, renamed, pinned, created, updated, model, thinking } = chat.info
  const facts = { version: VERSION, renamed, pinned, created, updated, thinking }
  const named = { ...facts, ...(model && { model: { name: model.name } }) }
  const parts = shownPath(chat).map(({ message }) =>
    message.role === 'user' ? writeQuestion(message, words) : writeAnswer(message, words),
  )
  const start = `${marker('conversation', named)}\n\n# ${escapeLine(title)}\n\n`
  return `${start}${parts.join('')}${marker('end', {})}\n`
}

function writeQuestion({ text, documents = [], created }: Question, { you }: MarkdownWords): string {
  const files = documents.map(({ name, text, tokens }) =>
    writeFolded('document', { name, tokens }, name, text),
  )
  return files.join('') + writeHeaded('question', { created }, you, text)
}

function writeAnswer(answer: Answer, words: MarkdownWords): string {
  const { role: _role, id: _id, parent: _parent, group: _group, failure: _failure, ...rest } = answer
  const { thinking, text, ...facts } = rest
  const before = thinking && writeFolded('thinking', {}, words.thinking, thinking)
  return before + writeHeaded('answer', facts, answer.model || '…', text)
}

function writeHeaded(kind: string, facts: object, heading: string, text: string): string {
  const { shown, closing } = closed(text)
  return `${marker(kind, { ...facts, ...closing })}\n\n## ${escapeLine(heading)}\n\n${shown}\n\n`
}

function writeFolded(kind: string, facts: object, summary: string, text: string): string {
  const { shown, closing } = closed(text)
  const start = `<details>\n<summary>${escapeLine(summary)}</summary>\n\n`
  return `${marker(kind, { ...facts, ...closing })}\n\n${start}${shown}\n\n</details>\n\n`
}

/** A text without markers of its own, and with the end of a code block that it leaves open. */
function closed(text: string): { shown: string; closing: { fence?: string } } {
  const fence = openFence(text)
  const escaped = text.replace(/<!-- (\\*)hadal:/g, '<!-- \\$1hadal:')
  return fence ? { shown: `${escaped}\n${fence}`, closing: { fence } } : { shown: escaped, closing: {} }
}

/** The fence that would close the code block in which a text ends; undefined outside of one. */
function openFence(text: string): string | undefined {
  let open: string | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, fence = '', rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (fence === '') continue
    if (open === undefined) open = fence.startsWith('`') && rest.includes('`') ? undefined : fence
    else if (fence.startsWith(open) && rest.trim() === '') open = undefined
  }
  return open
}

/** A comment that no viewer shows. JSON may hold `-->` and separators of lines only escaped. */
function marker(kind: string, facts: object): string {
  const json = JSON.stringify(facts).replace(
    /[>\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `<!-- hadal:${kind}${json === '{}' ? '' : ` ${json}`} -->`
}

const escapeLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#&~|$]/g, '\\$&')
const unescapeLine = (text: string): string => text.replace(/\\([\\`*_{}[\]<>#&~|$])/g, '$1')

/** Parts in a fold; the others have a heading. */
const FOLDED = new Set(['document', 'thinking'])

const MARKER = /^<!-- hadal:([a-z]+)(?: (\{.*\}))? -->\r?$/gm

interface Part {
  readonly kind: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly body: string
}

/**
 * Reads what `toMarkdown` wrote. All conversations get new ids. Throws `bad_file` for another text.
 * @param file its name, for errors
 */
export function fromMarkdown(text: string, file: string): ReadFile {
  const parts = readParts(text)
  const starts = parts.flatMap(({ kind }, index) => (kind === 'conversation' ? index : []))
  if (starts.length === 0) throw badFile(file, 'it has no conversation of this page in it')
  for (const start of starts) checkVersion(parts[start]?.facts.version, file)
  const read = starts.map((start, index) => readParted(parts.slice(start, starts[index + 1])))
  const conversations = read.filter(({ messages }) => messages.length > 0)
  return { conversations, skipped: read.length - conversations.length }
}

function readParts(text: string): Part[] {
  // An editor or a transfer may have changed all ends of lines.
  const converted = /^<!-- hadal:.* -->\r\n/m.test(text)
  const source = converted ? text.replaceAll('\r\n', '\n') : text
  const markers = [...source.matchAll(MARKER)]
  return markers.map((found, index) => {
    const facts = tryOrUndefined((): unknown => JSON.parse(found[2] ?? '{}'))
    const body = source.slice(found.index + found[0].length, markers[index + 1]?.index)
    return {
      kind: found[1] ?? '',
      facts: isJsonObject(facts) ? facts : {},
      body: body.replace(/^\n{0,2}/, '').replace(/\n{1,2}$/, ''),
    }
  })
}

function readParted([start, ...parts]: readonly Part[]): Conversation {
  const messages: object[] = []
  let documents: object[] = []
  let thinking = ''
  for (const { kind, facts, body } of parts) {
    const text = readBody(kind, body, facts.fence)
    const place = { id: `${messages.length + 1}`, parent: messages.length > 0 ? `${messages.length}` : ROOT }
    if (kind === 'document') documents.push({ ...facts, text })
    if (kind === 'thinking') thinking = text
    if (kind === 'question') messages.push({ ...facts, ...place, role: 'user', text, documents })
    if (kind === 'answer') messages.push({ ...facts, ...place, role: 'assistant', text, thinking })
    if (kind === 'question') documents = []
    if (kind === 'answer') thinking = ''
  }
  const title = unescapeLine(/^# (.*)$/m.exec(start?.body ?? '')?.[1] ?? '')
  return readConversation({ ...start?.facts, title, messages })
}

/** The text without its heading or fold, added fence and escapes. */
function readBody(kind: string, body: string, fence: unknown): string {
  const inner = FOLDED.has(kind)
    ? body.replace(/^<details>\n<summary>.*<\/summary>\n{0,2}/, '').replace(/\n{0,2}<\/details>$/, '')
    : body.replace(/^## .*\n{0,2}/, '')
  const added = `\n${fence}`
  const text = typeof fence === 'string' && inner.endsWith(added) ? inner.slice(0, -added.length) : inner
  return text.replace(/<!-- \\(\\*)hadal:/g, '<!-- $1hadal:')
}
