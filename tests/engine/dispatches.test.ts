// Answers: how many dispatches is a layer of experts in decode at V2-Lite's widths? Counted in what is recorded, by planning alone. No GPU.
import { expect, it } from 'vitest'
import { PUBLISHED } from '../../src/cli/published-configs.ts'
import { rate } from '../../src/engine/choices.ts'
import { plannedRecorder } from '../../src/engine/footprint.ts'
import { specOf, subjectOf } from '../../src/engine/model-plan.ts'
import type { Quantize } from '../../src/engine/quantize.ts'
import { type Capabilities, GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants } from '../../src/gpu/variants.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { hollowModel } from '../support/hollow.ts'

const facts = { f16: true, subgroups: true, subgroupSize: 8, matrices: false, software: true }
const CPU: Capabilities = { ...GUARANTEED, ...facts, variants: chooseVariants(facts) }

/** Dispatches of a decode step with this many layers, the first of them dense. */
async function dispatchesOf(layers: number, quantize: Quantize, capabilities: Capabilities) {
  const { source } = hollowModel({ ...PUBLISHED['V2-Lite'], num_hidden_layers: layers }, 1)
  const checkpoint = await openCheckpoint(source)
  const subject = subjectOf(specOf(checkpoint.config), checkpoint, capabilities, {})
  const { plan } = rate(subject, quantize)
  const all = plannedRecorder(subject.spec, plan, capabilities, subject.options)(capabilities.variants)
  const names = all.map(({ kernel }) => kernel.name)
  return names.slice(names.lastIndexOf('embed')).length // prefill comes before
}

const layerOf = async (quantize: Quantize, capabilities: Capabilities) =>
  (await dispatchesOf(3, quantize, capabilities)) - (await dispatchesOf(2, quantize, capabilities))

it.each([
  // With bindings of 128 MiB: where one dispatch chooses among up to four banks, where each bank has its own, and with bindings for all experts.
  ['fp8', 9, 12, 9],
  ['q8', 9, 13, 9],
  ['q4', 9, 10, 9],
  ['none', 10, 16, 9],
] as const)('%s: %s on a GPU, %s on a CPU, %s with large bindings', async (format, gpu, cpu, large) => {
  const roomy = { ...CPU, maxBindingBytes: 2 ** 31, maxBufferBytes: 2 ** 31 }
  expect([
    await layerOf(format, GUARANTEED),
    await layerOf(format, CPU),
    await layerOf(format, roomy),
  ]).toEqual([gpu, cpu, large])
})
