// Reads the merges of a tokenizer.json and ranks pairs of token ids by them, in typed arrays.

import type { MakeFileError } from './added-tokens.ts'
import type { BpeMerges } from './bpe.ts'
import { BYTE_ALPHABET } from './byte-level.ts'
import { randomWord, type TokenTable } from './token-table.ts'

/** The ordinary tokens, and which ids plain text never becomes. */
export interface MergeTokens {
  readonly table: TokenTable
  readonly controlIds: ReadonlySet<number>
}

/** Merges by rank: the ids of their two tokens and of the result. */
interface MergeList {
  readonly left: Int32Array
  readonly right: Int32Array
  readonly result: Int32Array
}

/**
 * Checks and reads the merges: pairs of tokens, as a list or with a space between, whose result is a token.
 * @returns the merges, and the largest id that they or a byte alone give a text
 */
export function readMerges(
  { merges, ignore_merges }: Record<string, unknown>,
  { table, controlIds }: MergeTokens,
  bad: MakeFileError,
): { merges: BpeMerges; largestId: number } {
  if (!Array.isArray(merges)) throw bad('"model.merges" is not a list')
  const list = readList(merges, table, bad)
  const bytes = BYTE_ALPHABET.map((character) => table.find(character))
  const largestId = list.result.reduce((max, id) => Math.max(max, id), Math.max(...bytes))
  let rankOfPair: PairRanks | undefined // made for the first text
  // Plain text must not become a control token, not even by merging.
  const plainId = (id: number) => (controlIds.has(id) ? -1 : id)
  return {
    largestId,
    merges: {
      ignoreMerges: ignore_merges === true,
      idOf: (text, from, to) => plainId(table.find(text, from, to)),
      rankOf({ ids, ends }, at) {
        rankOfPair ??= openPairs(list)
        const rank = rankOfPair(ids[at] ?? -1, ids[ends[at] ?? -1] ?? -1)
        return rank >= 0 && controlIds.has(list.result[rank] ?? -1) ? -1 : rank
      },
      idOfRank: (rank) => list.result[rank] ?? -1,
    },
  }
}

function readList(merges: readonly unknown[], table: TokenTable, bad: MakeFileError): MergeList {
  const left = new Int32Array(merges.length)
  const right = new Int32Array(merges.length)
  const result = new Int32Array(merges.length)
  for (let rank = 0; rank < merges.length; rank++) {
    const entry = merges[rank]
    if (!readPair(entry, table)) throw bad(`merge ${rank} is not a pair of tokens`)
    const { first, second } = pair
    const merged = first < 0 || second < 0 ? -1 : table.joinedEntryOf(first, second)
    if (merged < 0) {
      const shown = JSON.stringify(entry).slice(0, 80)
      throw bad(`merge ${rank}, ${shown}, uses or makes a text that is not a token`)
    }
    left[rank] = table.idOf(first)
    right[rank] = table.idOf(second)
    result[rank] = table.idOf(merged)
  }
  return { left, right, result }
}

/** The entries of the pair that `readPair` has read, -1 for a text that is no token. One object for all. */
const pair = { first: -1, second: -1 }

/** Reads two texts with a space between, or a list of two, into `pair`. Returns false for anything else. */
function readPair(entry: unknown, table: TokenTable): boolean {
  if (typeof entry === 'string') {
    let space = 0
    while (space < entry.length && entry.charCodeAt(space) !== 0x20) space++
    if (space === entry.length) return false
    pair.first = table.entryOf(entry, 0, space)
    pair.second = table.entryOf(entry, space + 1)
    return true
  }
  if (!Array.isArray(entry) || entry.length !== 2) return false
  const first: unknown = entry[0]
  const second: unknown = entry[1]
  if (typeof first !== 'string' || typeof second !== 'string') return false
  pair.first = table.entryOf(first)
  pair.second = table.entryOf(second)
  return true
}

/** The rank at which two ids merge, -1 if they never do. */
type PairRanks = (first: number, second: number) => number

/** Makes the function that ranks pairs: a chained hash table. */
function openPairs({ left, right }: MergeList): PairRanks {
  const bits = Math.max(1, Math.ceil(Math.log2(left.length + 1)))
  const heads = new Int32Array(1 << bits).fill(-1)
  const next = new Int32Array(left.length)
  // Random, so that no file can make its pairs collide.
  const [a, b] = [randomWord() | 1, randomWord() | 1]
  const slot = (first: number, second: number) => Math.imul(Math.imul(first, a) ^ second, b) >>> (32 - bits)
  for (let rank = 0; rank < left.length; rank++) {
    const at = slot(left[rank] ?? 0, right[rank] ?? 0)
    next[rank] = heads[at] ?? -1
    heads[at] = rank // of a pair that is listed twice, the last counts
  }
  return (first, second) => {
    for (let rank = heads[slot(first, second)] ?? -1; rank >= 0; rank = next[rank] ?? -1)
      if (left[rank] === first && right[rank] === second) return rank
    return -1
  }
}
