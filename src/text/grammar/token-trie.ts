// The tokens of a vocabulary as trees over their bytes, so that all that begin alike are judged at once.
import type { TextTokenizer } from '../tokenizer.ts'

/** Nodes in the order of a walk from left to right, parents first. */
export interface TokenTrie {
  /** Of each node: its last byte, the number of its bytes, and the first node that is not below it. */
  readonly byte: Uint8Array
  readonly depth: Uint16Array
  readonly end: Int32Array
  /** Ids in the order of the nodes; those of a node begin at `firstId` and end where the next node's do. */
  readonly ids: Int32Array
  readonly firstId: Int32Array
  readonly size: number
  /** Bytes of the longest token. */
  readonly maxDepth: number
}

/** Tokens without text are in no tree: control tokens, special ones, and ids without bytes. */
export interface TokenTries {
  /** Most tokens; their trees are walked seldom, those of the few long ones at every new state. */
  readonly short: TokenTrie
  readonly long: TokenTrie
  /** A 1 for each byte that is a token. */
  readonly single: Uint8Array
  /** A bit for each id that is a token, with text or without. */
  readonly known: Uint32Array
  /** A bit for each id in a tree. */
  readonly ordinary: Uint32Array
}

const MAX_SHORT = 16 // bytes
const MAX_BYTES = 1024 // longer tokens are left out

const tries = new WeakMap<TextTokenizer, Map<number, TokenTries>>()

/** The trees of a tokenizer's first `vocab` ids, kept with the tokenizer. */
export function tokenTries(tokenizer: TextTokenizer, vocab: number): TokenTries {
  const kept = tries.get(tokenizer) ?? new Map<number, TokenTries>()
  tries.set(tokenizer, kept)
  const found = kept.get(vocab) ?? buildTries(tokenizer, vocab)
  kept.set(vocab, found)
  return found
}

export const hasBit = (bits: Uint32Array, id: number): boolean =>
  (((bits[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1

export function setBit(bits: Uint32Array, id: number): void {
  bits[id >> 5] = (bits[id >> 5] ?? 0) | (1 << (id & 31))
}

/** The node of these bytes; -1 if no token begins with them. */
export function findNode({ byte, end, size }: TokenTrie, bytes: readonly number[]): number {
  let node = -1
  for (const value of bytes) {
    const last = node < 0 ? size : (end[node] ?? 0)
    let child = node + 1
    while (child < last && byte[child] !== value) child = end[child] ?? last
    if (child >= last) return -1
    node = child
  }
  return node
}

interface KeyedToken {
  /** The bytes, each as a character. */
  readonly key: string
  readonly id: number
}

function buildTries(tokenizer: TextTokenizer, vocab: number): TokenTries {
  const known = new Uint32Array(Math.ceil(vocab / 32))
  const ordinary = known.slice()
  const single = new Uint8Array(256)
  const tokens: KeyedToken[] = []
  for (let id = 0; id < vocab; id++) {
    const bytes = tokenizer.bytesOf(id)
    const [first] = bytes
    if (first === undefined) continue
    setBit(known, id)
    if (tokenizer.isControl(id) || tokenizer.isSpecial(id) || bytes.length > MAX_BYTES) continue
    setBit(ordinary, id)
    if (bytes.length === 1) single[first] = 1
    tokens.push({ key: String.fromCharCode(...bytes), id })
  }
  tokens.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id))
  const isShort = ({ key }: KeyedToken) => key.length <= MAX_SHORT
  return {
    short: buildTrie(tokens.filter(isShort)),
    long: buildTrie(tokens.filter((token) => !isShort(token))),
    single,
    known,
    ordinary,
  }
}

/** @param tokens in the order of their keys */
function buildTrie(tokens: readonly KeyedToken[]): TokenTrie {
  const most = tokens.reduce((sum, { key }) => sum + key.length, 0)
  const byte = new Uint8Array(most)
  const depth = new Uint16Array(most)
  const end = new Int32Array(most)
  const firstId = new Int32Array(most + 1)
  const path: number[] = [] // nodes of the last token
  let size = 0
  let previous = ''
  const closeTo = (length: number) => {
    while (path.length > length) end[path.pop() ?? 0] = size
  }
  for (const [at, { key }] of tokens.entries()) {
    let common = 0
    while (common < previous.length && previous[common] === key[common]) common++
    closeTo(common)
    for (let place = common; place < key.length; place++) {
      byte[size] = key.charCodeAt(place)
      depth[size] = place + 1
      firstId[size] = at
      path.push(size++)
    }
    previous = key
  }
  closeTo(0)
  firstId[size] = tokens.length
  return {
    byte: byte.slice(0, size),
    depth: depth.slice(0, size),
    end: end.slice(0, size),
    firstId: firstId.slice(0, size + 1),
    ids: Int32Array.from(tokens, ({ id }) => id),
    size,
    maxDepth: tokens.reduce((deepest, { key }) => Math.max(deepest, key.length), 0),
  }
}
