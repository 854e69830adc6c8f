// Answers: what does JSON from a stranger say? It must not know which file it is, nor what the answer is for.

import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'

const COMMAS_PER_MEMBER = 4 // a tokenizer.json has up to seven for each token, but a third as many tokens as the limit

export interface JsonRules {
  /** For the message. */
  readonly file: string
  /** Deeper nesting is refused before it is parsed: it would cost many times its length in memory. */
  readonly maxDepth: number
  /**
   * More members in all its objects together are refused before they are parsed, and more than four times as many commas, in lists
   * and objects: they would cost seconds and a hundred times their length in memory.
   */
  readonly maxMembers: number
  /** Refuses an object that names a member twice, and the name `__proto__`. */
  readonly uniqueNames: boolean
}

/**
 * Parses UTF-8 JSON under the rules given; `bad_file` otherwise.
 *
 * JSON.parse silently keeps the last of two equal names. A count shows it at the price of one pass: in valid JSON each
 * colon outside a string is one member, so the text may not hold more colons than the parsed data has members.
 */
export function parseJson(bytes: Uint8Array, rules: JsonRules): unknown {
  const written = countMembers(bytes, rules)
  let text = ''
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : 'not JSON'
    throw refuse(rules, `is not valid JSON (${why})`, cause)
  }
  if (rules.uniqueNames && countKept(value, rules) !== written) {
    throw refuse(rules, `names ${quote(repeatedName(text))} twice`)
  }
  return value
}

function refuse(rules: JsonRules, what: string, cause?: unknown): HadalError {
  return new HadalError('bad_file', `${rules.file} ${what}.`, {
    file: rules.file,
    hint: 'Download or copy this file again; if it stays so, its author wrote it wrongly.',
    cause,
  })
}

/** Colons outside strings; refuses what would be costly to parse. All of JSON's marks are single bytes in UTF-8. */
function countMembers(bytes: Uint8Array, rules: JsonRules): number {
  const maxCommas = COMMAS_PER_MEMBER * rules.maxMembers
  let colons = 0
  let commas = 0
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x3a) {
      if (++colons > rules.maxMembers) throw refuse(rules, `has more than ${rules.maxMembers} members`)
    } else if (byte === 0x2c) {
      if (++commas > maxCommas) throw refuse(rules, `has more than ${maxCommas} commas`)
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > rules.maxDepth) throw refuse(rules, `nests deeper than ${rules.maxDepth} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return colons
}

function countKept(value: unknown, rules: JsonRules): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKept(item, rules)
  } else if (isRecord(value)) {
    for (const name in value) {
      if (name === '__proto__') throw refuse(rules, `uses the forbidden name ${quote(name)}`)
      count += 1 + countKept(value[name], rules)
    }
  }
  return count
}

/** The first name that valid JSON repeats within one object; only looked for once there is one. */
function repeatedName(text: string): string {
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') open.push(new Set())
    else if (text[at] === '}') open.pop()
    else if (text[at] === '"') {
      const start = at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      if (!isName(text, at + 1)) continue
      const name: string = JSON.parse(text.slice(start, at + 1))
      if (open.at(-1)?.has(name)) return name
      open.at(-1)?.add(name)
    }
  }
  return 'a member'
}

/** Whether the next mark at or after `at` is a colon, so that the string before it is a name. */
function isName(text: string, at: number): boolean {
  let next = at
  while (/\s/.test(text.charAt(next))) next++
  return text[next] === ':'
}
