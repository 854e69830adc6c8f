// Tests of drafting by lookup: what followed the latest tokens when they occurred before.
import { expect, it } from 'vitest'
import { lookUp } from '../../src/engine/run/prompt-lookup.ts'

it.each([
  ['nothing has occurred before', [1, 2, 3, 4, 5], 3, []],
  ['one token alone is not enough', [1, 2, 3, 9, 1], 3, []],
  ['what followed a pair', [1, 2, 3, 4, 5, 1, 2], 3, [3, 4, 5]],
  ['the longest match, though another is later', [7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2], 1, [3]],
  ['the latest of equal matches', [1, 2, 3, 0, 1, 2, 4, 0, 1, 2], 1, [4]],
  ['no more than is asked for', [1, 2, 3, 4, 5, 1, 2], 1, [3]],
  ['a text that repeats goes on repeating', [1, 2, 1, 2, 1, 2], 5, [1, 2, 1, 2, 1]],
  ['the same token again and again', [4, 4, 4], 3, [4, 4, 4]],
  ['no tokens', [], 3, []],
  ['none wanted', [1, 2, 3, 1, 2], 0, []],
])('%s', (_, ids, count, drafts) => {
  expect(lookUp(ids, count)).toEqual(drafts)
})
