// Splits growing Markdown into blocks; appended text only re-parses the end of the last blocks.
import type { Token, Tokens } from 'marked'
import { appendToCode, appendToList, appendToTable, endsInCode, isClosedFence } from './append.ts'
import { type Links, parseMarkdown } from './grammar.ts'
import { repairEnd, settledLength } from './growing.ts'

/** A text and its parsed blocks. Pass it to the next call with the longer text to reuse them. */
export interface MarkdownBlocks {
  readonly text: string
  readonly tokens: readonly Token[]
  /** Whether more text was expected: then the end may be repaired. */
  readonly growing: boolean
}

export const NO_BLOCKS: MarkdownBlocks = { text: '', tokens: [], growing: false }

// Appended text can still change the last block (a list continues, a line of dashes makes a heading), the
// space token before it, and the list before that, which the last line may turn out to continue.
const UNSTABLE_BLOCKS = 3

/**
 * The blocks of a text. If it extends the previous text, all but the last blocks are reused.
 * `growing`: the end of the text is unfinished. Lines whose meaning is open are left out, emphasis is closed.
 */
export function splitBlocks(
  written: string,
  previous: MarkdownBlocks = NO_BLOCKS,
  growing = false,
): MarkdownBlocks {
  // The parser normalizes line ends too. Block starts are sums of `raw` lengths, so both must agree.
  const whole = written.includes('\r') ? written.replace(/\r\n?/g, '\n') : written
  const text = growing ? whole.slice(0, settledLength(whole)) : whole
  if (text === previous.text && growing === previous.growing) return previous
  // A link's address may be defined after its use. That is looked up once, when the text is complete.
  const redone = previous.growing && !growing && previous.tokens.some(isDefinition)
  const before = redone || !text.startsWith(previous.text) ? NO_BLOCKS : previous
  return { text, growing, tokens: extendTokens(before, text, growing) }
}

function extendTokens(previous: MarkdownBlocks, text: string, growing: boolean): readonly Token[] {
  const appended = appendToLast(previous, text, growing)
  if (appended) return appended
  const kept = previous.tokens.slice(0, stableCount(previous.tokens))
  const parsed = parseEnd(text.slice(lengthOf(kept)), kept, growing)
  return [...kept, ...parsed.map((token, index) => reuse(previous.tokens[kept.length + index], token))]
}

/** How many blocks at the start no longer change: all before the last few; code or a table that has ended. */
function stableCount(tokens: readonly Token[]): number {
  const ended = tokens
    .slice(0, -1)
    .findLastIndex((token) => token.type === 'table' || (token.type === 'code' && isClosedFence(token.raw)))
  return Math.max(0, ended + 1, tokens.length - UNSTABLE_BLOCKS)
}

/** The same object for the same block, so that it is not drawn again. */
const reuse = (before: Token | undefined, token: Token): Token =>
  before?.raw === token.raw && before.type === token.type ? before : token

/** A long last block that only gets longer is not parsed from its start. */
function appendToLast(previous: MarkdownBlocks, text: string, growing: boolean): Token[] | undefined {
  const last = previous.tokens.at(-1) as Tokens.Generic | undefined
  const kept = previous.tokens.slice(0, -1)
  if (!last || text.length <= previous.text.length) return
  const block = { start: lengthOf(kept), shown: previous.text.length, text }
  const parse = (end: string) => parseEnd(end, kept, growing)
  if (last.type === 'code') {
    const token = appendToCode(last as Tokens.Code, block)
    return token && [...kept, token]
  }
  const tokens =
    last.type === 'table'
      ? appendToTable(last as Tokens.Table, block, parse)
      : last.type === 'list'
        ? appendToList(last as Tokens.List, block, parse)
        : undefined
  return tokens && [...kept, ...tokens]
}

function parseEnd(end: string, before: readonly Token[], growing: boolean): Token[] {
  return parseMarkdown(growing && !endsInCode(end) ? repairEnd(end) : end, linksOf(before))
}

const lengthOf = (tokens: readonly Token[]) => tokens.reduce((length, { raw }) => length + raw.length, 0)

const isDefinition = (token: Token): token is Tokens.Def => token.type === 'def'

function linksOf(tokens: readonly Token[]): Links {
  const links: Links = {}
  for (const token of tokens) if (isDefinition(token)) links[token.tag] ??= token
  return links
}
