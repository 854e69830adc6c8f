// Counts the dispatches of an MoE layer in decode at V2-Lite's widths. Needs no GPU.
import { expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { estimateQuantization } from '../../src/engine/load/choose-quantization.ts'
import { plannedRecorder } from '../../src/engine/load/footprint.ts'
import { specFromConfig, toLoadTarget } from '../../src/engine/load/plan.ts'
import type { Quantize } from '../../src/engine/load/quantization.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { type Capabilities, GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants } from '../../src/gpu/variants.ts'
import { weightlessModel } from '../support/weightless-model.ts'

const CPU_FACTS = { f16: true, subgroups: true, subgroupSize: 8, subgroupMatrices: undefined, software: true }
const CPU: Capabilities = { ...GUARANTEED, ...CPU_FACTS, variants: chooseVariants(CPU_FACTS) }

/** Dispatches of a decode step with this many layers, of which the first is dense. */
async function dispatchesOf(layers: number, quantize: Quantize, capabilities: Capabilities) {
  const { source } = weightlessModel({ ...PUBLISHED_CONFIGS['V2-Lite'], num_hidden_layers: layers }, 1)
  const checkpoint = await openConfigured(source, {})
  const target = toLoadTarget(specFromConfig(checkpoint), checkpoint, capabilities, {})
  const { plan } = estimateQuantization(target, quantize)
  const all = plannedRecorder(target.spec, plan, capabilities, target.options)(capabilities.variants)
  const names = all.map(({ kernel }) => kernel.name)
  return names.slice(names.lastIndexOf('embed')).length // prefill comes first
}

const layerOf = async (quantize: Quantize, capabilities: Capabilities) =>
  (await dispatchesOf(3, quantize, capabilities)) - (await dispatchesOf(2, quantize, capabilities))

it.each([
  // With 128 MiB bindings on a GPU (one dispatch serves up to four banks) and on a CPU (one dispatch per
  // bank), and with bindings that hold all experts.
  ['fp8', 9, 12, 9],
  ['q8', 9, 13, 9],
  ['q4', 9, 10, 9],
  ['none', 10, 16, 9],
] as const)('%s: %s on a GPU, %s on a CPU, %s with large bindings', async (format, gpu, cpu, large) => {
  const largeBindings = { ...CPU, maxBindingBytes: 2 ** 31, maxBufferBytes: 2 ** 31 }
  expect([
    await layerOf(format, GUARANTEED),
    await layerOf(format, CPU),
    await layerOf(format, largeBindings),
  ]).toEqual([gpu, cpu, large])
})
