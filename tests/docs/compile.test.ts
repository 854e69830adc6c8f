// Tests that every code block of the documents is checked, and that programs compile under strict settings.
import { describe, expect, it } from 'vitest'
import { BLOCKS, placeOf } from './blocks.ts'
import { compileErrors } from './compile.ts'
import { kindOf, ofKind } from './kinds.ts'
import { PROGRAMS } from './programs.ts'

/** How many blocks of a document nothing runs: a drawing, the form of a shader's head, other programs. */
const NOT_RUN = {
  'src/README.md': 1,
  'shaders/README.md': 1,
  'docs/performance/comparisons.md': 1,
}

describe('code blocks', () => {
  it('are all checked: a new one needs a kind', () => {
    expect(BLOCKS.length).toBeGreaterThan(60)
    expect(BLOCKS.filter((block) => !kindOf(block)).map(placeOf)).toEqual([])
  })

  it('that are not run are few', () => {
    const counts: Record<string, number> = {}
    for (const { file } of ofKind('not-run')) counts[file] = (counts[file] ?? 0) + 1
    expect(counts).toEqual(NOT_RUN)
  })

  it('compile', () => {
    expect(compileErrors(PROGRAMS, ['docs/examples/react/src/main.tsx'])).toEqual([])
  })
})
