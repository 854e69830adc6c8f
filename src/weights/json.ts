// Parses untrusted JSON: bounded depth and size, and no repeated names.

import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'

// A tokenizer.json has up to seven commas per token, but a third as many tokens as the limit allows members.
const COMMAS_PER_MEMBER = 4

export interface JsonRules {
  /** Named in error messages. */
  readonly file: string
  /** Deeper nesting is rejected before parsing: it would take many times its length in memory. */
  readonly maxDepth: number
  /**
   * The most members, over all objects together; commas are limited to four times as many. More is rejected
   * before parsing: it would take seconds and a hundred times its length in memory.
   */
  readonly maxMembers: number
  /** Rejects an object that names a member twice, and the name `__proto__`. */
  readonly uniqueNames: boolean
}

/**
 * Parses UTF-8 JSON within the given limits. Errors: `bad_file`.
 *
 * JSON.parse silently keeps the last of two equal names. Counting detects this in one pass: in valid JSON
 * each colon outside a string is one member, so a text with more colons than the parsed data has members
 * repeats a name.
 */
export function parseJson(bytes: Uint8Array, rules: JsonRules): unknown {
  const writtenMembers = countMembers(bytes, rules)
  let text = ''
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : 'not JSON'
    throw invalidJson(rules, `is not valid JSON (${why})`, cause)
  }
  if (rules.uniqueNames && countParsedMembers(value, rules) !== writtenMembers) {
    throw invalidJson(rules, `names ${quoteName(findRepeatedName(text))} twice`)
  }
  return value
}

function invalidJson(rules: JsonRules, what: string, cause?: unknown): HadalError {
  return new HadalError('bad_file', `${rules.file} ${what}.`, {
    file: rules.file,
    hint: 'Download or copy this file again. If the error stays, the file itself is wrong.',
    cause,
  })
}

/** Counts colons outside strings; throws for text that is costly to parse. JSON's punctuation is ASCII. */
function countMembers(bytes: Uint8Array, rules: JsonRules): number {
  const maxCommas = COMMAS_PER_MEMBER * rules.maxMembers
  let colons = 0
  let commas = 0
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 0x22) at = endOfString(bytes, at + 1)
    else if (byte === 0x3a) {
      if (++colons > rules.maxMembers) throw invalidJson(rules, `has more than ${rules.maxMembers} members`)
    } else if (byte === 0x2c) {
      if (++commas > maxCommas) throw invalidJson(rules, `has more than ${maxCommas} commas`)
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > rules.maxDepth) throw invalidJson(rules, `nests deeper than ${rules.maxDepth} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return colons
}

/** The position of the quote that ends a string, or the end of the bytes. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === 0x22) break
    if (byte === 0x5c) at++
  }
  return at
}

function countParsedMembers(value: unknown, rules: JsonRules): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countParsedMembers(item, rules)
  } else if (isJsonObject(value)) {
    for (const name in value) {
      if (name === '__proto__') throw invalidJson(rules, `uses the forbidden name ${quoteName(name)}`)
      count += 1 + countParsedMembers(value[name], rules)
    }
  }
  return count
}

/** The first name that valid JSON repeats within one object. Slow: only for the error message. */
function findRepeatedName(text: string): string {
  const openObjects: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') openObjects.push(new Set())
    else if (text[at] === '}') openObjects.pop()
    else if (text[at] === '"') {
      const start = at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      if (!isMemberName(text, at + 1)) continue
      const name: string = JSON.parse(text.slice(start, at + 1))
      if (openObjects.at(-1)?.has(name)) return name
      openObjects.at(-1)?.add(name)
    }
  }
  return 'a member'
}

/**
 * Whether the next character after white space is a colon, so that the string before it is a member's name.
 */
function isMemberName(text: string, at: number): boolean {
  let next = at
  while (/\s/.test(text.charAt(next))) next++
  return text[next] === ':'
}
