// Tests of the kernel lab: choices, their permalink, and their summaries.
import { describe, expect, it } from 'vitest'
import {
  caseOf,
  decisionsFor,
  othersOf,
  proposedEffort,
  proposedExperiment,
  withCase,
  withVariant,
} from '../../src/app/lab/state/choices.ts'
import { readLink, writeLink } from '../../src/app/lab/state/link.ts'
import { summaryOf } from '../../src/app/lab/state/summary.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { FORMATS, type Format } from '../../src/gpu/matrix.ts'
import { chooseVariants, explainVariants, possibleVariants } from '../../src/gpu/variants.ts'
import { labCases } from '../../src/lab/cases.ts'
import type { LabInfo } from '../../src/lab/protocol.ts'

const FACTS = { f16: false, subgroups: true, subgroupSize: 4, matrices: false, software: true }
const INFO: LabInfo = {
  adapter: 'a software adapter',
  capabilities: { ...GUARANTEED, ...FACTS, variants: chooseVariants(FACTS) },
  possible: possibleVariants(FACTS),
  chosen: explainVariants(FACTS),
  formats: Object.keys(FORMATS) as Format[],
  cases: labCases,
  columns: 32,
}
const BASE = proposedExperiment(INFO)
const EFFORT = proposedEffort(INFO)

describe('a link', () => {
  it('survives a round trip', () => {
    const experiment = {
      ...withCase(BASE, INFO, 'linear_prefill', 'given'),
      format: 'q8' as const,
      shape: { rows: 96, cols: 64 },
      tokens: 33,
      variants: { products: 'workgroup' as const },
    }
    const text = writeLink(experiment, { roundBytes: 1 << 20, repetitions: 4 })
    expect(text).toContain('shape=96x64')
    expect(text).toContain('variants=products:workgroup')
    expect(readLink(`#${text}`, INFO)).toEqual({
      experiment,
      effort: { roundBytes: 1 << 20, repetitions: 4 },
      refused: [],
    })
  })

  it('gives the defaults when empty', () => {
    expect(readLink('', INFO)).toEqual({ experiment: BASE, effort: EFFORT, refused: [] })
  })

  it.each([
    ['kernel=rm', ['kernel']],
    ['kernel=linear_decode&role=6 of 64', ['role']],
    ['tokens=9', ['tokens']],
    ['tokens=1e3', ['tokens']],
    ['shape=10x33', ['shape']],
    ['shape=10', ['shape']],
    ['format=int3', ['format']],
    ['variants=products:spread_8', ['variants']], // subgroups of 4
    ['variants=rows:alone,constructor:x', ['variants']],
    ['mib=0&times=-1', ['mib', 'times']],
  ])('ignores and reports invalid fields: %s', (hash, refused) => {
    expect(readLink(hash, INFO)).toEqual({ experiment: BASE, effort: EFFORT, refused })
  })
})

describe('choices', () => {
  it('offer the decisions that affect a kernel in a format', () => {
    const of = (kernel: string, format: Format) =>
      decisionsFor({ ...withCase(BASE, INFO, kernel), format }, INFO)
    expect(of('linear_decode', 'q8')).toEqual(['q8', 'rows'])
    expect(of('linear_decode', 'bf16')).toEqual(['rows'])
    expect(of('linear_prefill', 'q8')).toEqual(['products'])
    expect(of('expert_up_decode', 'fp8_block')).toEqual(['fp8_block', 'banks', 'rows'])
  })

  it('adapt role and tokens to another kernel', () => {
    const eight = { ...BASE, tokens: 8 }
    expect(withCase(eight, INFO, 'expert_up_decode')).toMatchObject({ role: 'routed and shared', tokens: 8 })
    const prefill = withCase(eight, INFO, 'linear_prefill')
    expect(prefill).toMatchObject({ role: 'attention out', tokens: 64 })
    expect(withCase(prefill, INFO, 'linear_decode').tokens).toBe(1)
    expect(caseOf(prefill, INFO).prefill).toBe(true)
  })

  it('do not count the engine’s variant as a change', () => {
    const other = withVariant(BASE, INFO, 'rows', 'lanes_8')
    expect(othersOf(other, INFO)).toEqual(['rows'])
    expect(summaryOf(other, INFO, undefined)).toBe('8 neighbours on a row')
    expect(withVariant(other, INFO, 'rows', 'columns_4')).toEqual(BASE)
    expect(summaryOf(BASE, INFO, 'x')).toBe('edited (the engine’s choice)')
  })
})
