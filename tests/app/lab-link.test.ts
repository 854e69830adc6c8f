// What is chosen in the lab, and how it travels in an address.
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

const facts = { f16: false, subgroups: true, subgroupSize: 4, matrices: false, software: true }
const info: LabInfo = {
  adapter: 'a software adapter',
  capabilities: { ...GUARANTEED, ...facts, variants: chooseVariants(facts) },
  possible: possibleVariants(facts),
  chosen: explainVariants(facts),
  formats: Object.keys(FORMATS) as Format[],
  cases: labCases,
  columns: 32,
}
const base = proposedExperiment(info)
const effort = proposedEffort(info)

describe('a link', () => {
  it('says again what was chosen', () => {
    const experiment = {
      ...withCase(base, info, 'linear_prefill', 'given'),
      format: 'q8' as const,
      shape: { rows: 96, cols: 64 },
      tokens: 33,
      variants: { products: 'workgroup' as const },
    }
    const text = writeLink(experiment, { roundBytes: 1 << 20, repetitions: 4 })
    expect(text).toContain('shape=96x64')
    expect(text).toContain('variants=products:workgroup')
    expect(readLink(`#${text}`, info)).toEqual({
      experiment,
      effort: { roundBytes: 1 << 20, repetitions: 4 },
      refused: [],
    })
  })

  it('is what is proposed where it says nothing', () => {
    expect(readLink('', info)).toEqual({ experiment: base, effort, refused: [] })
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
  ])('leaves out and names what it does not understand: %s', (hash, refused) => {
    expect(readLink(hash, info)).toEqual({ experiment: base, effort, refused })
  })
})

describe('choices', () => {
  it('offer the decisions that matter to a kernel in a format', () => {
    const of = (kernel: string, format: Format) =>
      decisionsFor({ ...withCase(base, info, kernel), format }, info)
    expect(of('linear_decode', 'q8')).toEqual(['q8', 'rows'])
    expect(of('linear_decode', 'bf16')).toEqual(['rows'])
    expect(of('linear_prefill', 'q8')).toEqual(['products'])
    expect(of('expert_up_decode', 'fp8_block')).toEqual(['fp8_block', 'banks', 'rows'])
  })

  it('take another kernel with a role and rows that it has', () => {
    const eight = { ...base, tokens: 8 }
    expect(withCase(eight, info, 'expert_up_decode')).toMatchObject({ role: 'routed and shared', tokens: 8 })
    const prefill = withCase(eight, info, 'linear_prefill')
    expect(prefill).toMatchObject({ role: 'attention out', tokens: 64 })
    expect(withCase(prefill, info, 'linear_decode').tokens).toBe(1)
    expect(caseOf(prefill, info).prefill).toBe(true)
  })

  it('do not count the engine’s own variant as another', () => {
    const other = withVariant(base, info, 'rows', 'lanes_8')
    expect(othersOf(other, info)).toEqual(['rows'])
    expect(summaryOf(other, info, undefined)).toBe('8 neighbours on a row')
    expect(withVariant(other, info, 'rows', 'columns_4')).toEqual(base)
    expect(summaryOf(base, info, 'x')).toBe('edited (the engine’s choice)')
  })
})
