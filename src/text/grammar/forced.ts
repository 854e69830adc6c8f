// Writes what a grammar leaves no choice about as the tokenizer would: whole tokens, to be read at once.
import type { TextTokenizer } from '../tokenizer.ts'
import type { Automaton } from './automaton.ts'
import type { Masks } from './masks.ts'
import { findNode, hasBit, type TokenTries } from './token-trie.ts'

const MAX_BYTES = 4096 // of a forced stretch; the next one goes on from there

export interface ForcedContext {
  readonly automaton: Automaton
  readonly masks: Masks
  readonly tries: TokenTries
  readonly tokenizer: TextTokenizer
}

/** The ids that must follow a state; none where there is a choice. */
export function forcedIds(context: ForcedContext, start: number): readonly number[] {
  const { automaton } = context
  const ids: number[] = []
  let state = start
  while (ids.length < MAX_BYTES) {
    const run = forcedRun(automaton, state)
    const control = automaton.forcedToken(run.states.at(-1) ?? state)
    const tokens = tokensOf(context, run.bytes)
    const isWhole = tokens.reduce((sum, token) => sum + token.length, 0) === run.bytes.length
    if (control < 0 || !isWhole) {
      ids.push(...uncontested(context, run, tokens))
      return ids
    }
    ids.push(...tokens.map(({ id }) => id), control)
    state = automaton.nextToken(run.states.at(-1) ?? state, control)
  }
  return ids
}

interface ForcedRun {
  readonly bytes: readonly number[]
  /** The state before each byte, and after the last. */
  readonly states: readonly number[]
}

interface ForcedToken {
  readonly id: number
  readonly length: number // in bytes
}

function forcedRun(automaton: Automaton, start: number): ForcedRun {
  const bytes: number[] = []
  const states = [start]
  let state = start
  for (let byte = automaton.forcedByte(state); byte >= 0 && bytes.length < MAX_BYTES; ) {
    bytes.push(byte)
    state = automaton.next(state, byte)
    states.push(state)
    byte = automaton.forcedByte(state)
  }
  return { bytes, states }
}

/** The tokens of the whole characters; none if the bytes begin within one, or cannot be written exactly. */
function tokensOf({ tokenizer, tries }: ForcedContext, bytes: readonly number[]): readonly ForcedToken[] {
  if (bytes.length === 0) return []
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes), {
      stream: true, // a character that is not complete is left out
    })
  } catch {
    return []
  }
  const written: number[] = []
  const tokens = tokenizer.encodePlain(text).map((id) => {
    const own = tokenizer.bytesOf(id)
    written.push(...own)
    return { id, length: own.length }
  })
  const isExact =
    tokens.every(({ id }) => hasBit(tries.ordinary, id)) && written.every((byte, at) => byte === bytes[at])
  return isExact ? tokens : []
}

/** The tokens up to the first that a longer one might replace, which reaches beyond what is forced. */
function uncontested(
  { automaton, masks, tries }: ForcedContext,
  { bytes, states }: ForcedRun,
  tokens: readonly ForcedToken[],
): readonly number[] {
  const end = tokens.reduce((sum, { length }) => sum + length, 0)
  const state = states[end] ?? 0
  const ids: number[] = []
  let start = 0
  for (const { id, length } of tokens) {
    if (automaton.canContinue(state))
      for (const trie of [tries.short, tries.long]) {
        const node = end - start > trie.maxDepth ? -1 : findNode(trie, bytes.slice(start, end))
        if (node >= 0 && masks.goesOn(trie, node, state)) return ids
      }
    ids.push(id)
    start += length
  }
  return ids
}
