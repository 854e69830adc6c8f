// Tests of the kernel lab: choices, their permalink, and their summaries.
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import {
  changedDecisions,
  decisionsFor,
  defaultEffort,
  defaultExperiment,
  labCaseOf,
  withCase,
  withVariant,
} from '../../src/app/lab/state/experiment-choices.ts'
import { readLabLink, writeLabLink } from '../../src/app/lab/state/link.ts'
import { experimentSummary } from '../../src/app/lab/state/run-summary.ts'
import { labCases } from '../../src/bench/lab/cases.ts'
import type { LabInfo } from '../../src/bench/lab/protocol.ts'
import { STORAGE_FORMATS, type StorageFormat } from '../../src/gpu/formats.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants, explainVariants, possibleVariants } from '../../src/gpu/variants.ts'

const FACTS = { f16: false, subgroups: true, subgroupSize: 4, subgroupMatrices: undefined, software: true }
const INFO: LabInfo = {
  adapter: 'a software adapter',
  capabilities: { ...GUARANTEED, ...FACTS, variants: chooseVariants(FACTS) },
  possible: possibleVariants(FACTS),
  chosen: explainVariants(FACTS),
  formats: STORAGE_FORMATS,
  cases: labCases(sources),
  columns: 32,
}
const BASE = defaultExperiment(INFO)
const EFFORT = defaultEffort(INFO)

describe('a link', () => {
  it('survives a round trip', () => {
    const experiment = {
      ...withCase(BASE, INFO, 'linear_prefill', 'given'),
      format: 'q8' as const,
      shape: { rows: 96, cols: 64 },
      tokens: 33,
      variants: { matmul: 'workgroup' as const },
    }
    const text = writeLabLink(experiment, { roundBytes: 1 << 20, repetitions: 4 })
    expect(text).toContain('shape=96x64')
    expect(text).toContain('variants=matmul:workgroup')
    expect(readLabLink(`#${text}`, INFO)).toEqual({
      experiment,
      effort: { roundBytes: 1 << 20, repetitions: 4 },
      refused: [],
    })
  })

  it('gives the defaults when empty', () => {
    expect(readLabLink('', INFO)).toEqual({ experiment: BASE, effort: EFFORT, refused: [] })
  })

  it.each([
    ['kernel=rm', ['kernel']],
    ['kernel=linear_decode&role=6 of 64', ['role']],
    ['tokens=9', ['tokens']],
    ['tokens=1e3', ['tokens']],
    ['shape=10x33', ['shape']],
    ['shape=10', ['shape']],
    ['format=int3', ['format']],
    ['variants=matmul:broadcast8', ['variants']], // subgroups of 4
    ['variants=rows:alone,constructor:x', ['variants']],
    ['mib=0&times=-1', ['mib', 'times']],
  ])('ignores and reports invalid fields: %s', (hash, refused) => {
    expect(readLabLink(hash, INFO)).toEqual({ experiment: BASE, effort: EFFORT, refused })
  })
})

describe('choices', () => {
  it('offer the decisions that affect a kernel in a format', () => {
    const of = (kernel: string, format: StorageFormat) =>
      decisionsFor({ ...withCase(BASE, INFO, kernel), format }, INFO)
    expect(of('linear_decode', 'q8')).toEqual(['q8', 'matvec'])
    expect(of('linear_decode', 'bf16')).toEqual(['matvec'])
    expect(of('linear_prefill', 'q8')).toEqual(['matmul'])
    expect(of('expert_up_decode', 'fp8_block')).toEqual(['fp8_block', 'banks', 'matvec'])
  })

  it('adapt role and tokens to another kernel', () => {
    const eight = { ...BASE, tokens: 8 }
    expect(withCase(eight, INFO, 'expert_up_decode')).toMatchObject({ role: 'routed and shared', tokens: 8 })
    const prefill = withCase(eight, INFO, 'linear_prefill')
    expect(prefill).toMatchObject({ role: 'attention out', tokens: 64 })
    expect(withCase(prefill, INFO, 'linear_decode').tokens).toBe(1)
    expect(labCaseOf(prefill, INFO).prefill).toBe(true)
  })

  it('do not count the engine’s variant as a change', () => {
    const other = withVariant(BASE, INFO, 'matvec', 'lanes8')
    expect(changedDecisions(other, INFO)).toEqual(['matvec'])
    expect(experimentSummary(other, INFO, undefined)).toBe('8 lanes per row')
    expect(withVariant(other, INFO, 'matvec', 'subgroup4')).toEqual(BASE)
    expect(experimentSummary(BASE, INFO, 'x')).toBe('edited (the engine’s choice)')
  })
})
