// Random experts in banks laid out as the engine does, with routes and the dispatches of a mixture-of-experts
// layer.

import type { GpuMatrix, GpuVector } from '../../gpu/matrix.ts'
import { type GpuBank, layoutPart, type SlotLayout } from '../../gpu/matrix.ts'
import { moe } from '../../models/moe.ts'
import type { MoeLayer } from '../../models/spec.ts'
import type { MoeTensors } from '../../models/tensors.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { Expert, ExpertChoice } from '../../reference/moe.ts'
import type { BenchBuffers } from './buffers.ts'
import { type CaseMaker, type CaseSettings, layoutOnly, recordDispatches } from './case.ts'
import { type RandomMatrix, randomMatrix, readRows } from './random-matrix.ts'

/** The experts of a token: the routed ones, then the shared one with weight 1. */
export type TokenRoute = readonly ExpertChoice[]

/** Expert choices of each token in a round, spread as evenly as possible over all experts. */
export function routesForRound({ tokens, widths }: CaseSettings, round: number): readonly TokenRoute[] {
  const { experts, expertsPerToken } = widths.mixture
  return Array.from({ length: tokens }, (_, token) => [
    ...Array.from({ length: expertsPerToken }, (_, i) => ({
      expert: ((round + token) * expertsPerToken + i) % experts,
      weight: Math.fround(0.1 + 0.1 * i),
    })),
    { expert: experts, weight: 1 },
  ])
}

/**
 * Routes as the route kernel writes them: [tokens, expertsPerToken, 2], expert ids and the bits of f32
 * weights.
 */
export function routeWords(routes: readonly (readonly ExpertChoice[])[]): Uint32Array<ArrayBuffer> {
  const choices = routes.flat()
  const words = new Uint32Array(2 * choices.length)
  const floats = new Float32Array(words.buffer)
  choices.forEach(({ expert, weight }, i) => {
    words[2 * i] = expert
    floats[2 * i + 1] = weight
  })
  return words
}

export const uploadRoutes = (
  buffers: BenchBuffers,
  routes: readonly TokenRoute[],
  active: number,
): Resource => buffers.upload(routeWords(routes.map((choices) => choices.slice(0, active))))

export const expertWidth = (
  { experts, intermediateSize, sharedIntermediateSize }: MoeLayer,
  expert: number,
): number => (expert === experts ? sharedIntermediateSize : intermediateSize)

/** Elements per row of inner activations: the width of the widest expert. */
export const innerStride = ({ intermediateSize, sharedIntermediateSize }: MoeLayer): number =>
  Math.max(intermediateSize, sharedIntermediateSize)

/**
 * The dispatches of a mixture-of-experts layer. `bank` stands for up and down; a case uses only one of them.
 */
export function moeDispatches(
  settings: CaseSettings,
  mode: CaseMaker['mode'],
  bank: GpuBank,
): readonly Dispatch[] {
  const { buffers, tokens, widths } = settings
  const { spec, mixture: layer } = widths
  const unused = buffers.zeros(16)
  const tensors: MoeTensors<GpuMatrix, GpuVector, GpuBank> = {
    kind: 'mixture',
    postAttentionNorm: { buffer: unused.buffer, length: spec.hiddenSize },
    router: layoutOnly('bf16', [layer.experts], spec.hiddenSize, unused),
    correctionBias: undefined,
    gateUp: bank,
    down: bank,
    shared: undefined,
  }
  return recordDispatches(settings, mode, (context) => {
    const x = context.graph.activation('x', [tokens, spec.hiddenSize])
    moe(context, { spec, layer, tensors, noBias: unused }, x)
  })
}

export interface RandomExperts {
  readonly bank: GpuBank
  /** An expert's weights in f64, without the gap between gate and up. The other matrix is empty. */
  expert(index: number): Expert
}

/** Gate and up of every expert. */
export function randomGateUp(settings: CaseSettings): RandomExperts {
  const { spec, mixture: layer } = settings.widths
  const draw = (expert: number) => {
    const width = expertWidth(layer, expert)
    return randomMatrix(settings.format, [width, width], spec.hiddenSize, expert + 1)
  }
  return {
    bank: uploadBanks(settings, draw),
    expert(index) {
      const [stored, width] = [draw(index), expertWidth(layer, index)]
      const up = new Float64Array(2 * width * spec.hiddenSize)
      up.set(readRows(stored, 0, width))
      up.set(readRows(stored, stored.layout.starts[1] ?? 0, width), width * spec.hiddenSize)
      return { up, down: new Float64Array() }
    },
  }
}

/** Down of every expert. */
export function randomDown(settings: CaseSettings): RandomExperts {
  const { spec, mixture: layer } = settings.widths
  const draw = (expert: number) =>
    randomMatrix(settings.format, [spec.hiddenSize], expertWidth(layer, expert), expert + 1)
  return {
    bank: uploadBanks(settings, draw),
    expert: (index) => ({ up: new Float64Array(), down: readRows(draw(index), 0, spec.hiddenSize) }),
  }
}

/** Puts random experts into banks as the engine does, the shared one first. */
function uploadBanks({ buffers, widths }: CaseSettings, draw: (expert: number) => RandomMatrix): GpuBank {
  const { experts } = widths.mixture
  const { banks, slots } = fillBanks(buffers, experts, draw)
  const slotOf = ({ layout }: RandomMatrix): SlotLayout => ({
    ...layout,
    ...layoutPart(layout, 0, layout.rows),
  })
  return {
    routed: slotOf(draw(0)),
    shared: slotOf(draw(experts)),
    banks: banks.map(({ buffer }) => buffer),
    slots: buffers.upload(slots).buffer,
  }
}

function fillBanks(
  buffers: BenchBuffers,
  experts: number,
  draw: (expert: number) => RandomMatrix,
): { banks: Resource[]; slots: Uint32Array<ArrayBuffer> } {
  const order = [experts, ...Array.from({ length: experts }, (_, expert) => expert)]
  const maxBytes = buffers.device.capabilities.maxBindingBytes
  const slots = new Uint32Array(2 * (experts + 1))
  const sizes: number[] = []
  for (const expert of order) {
    const { bytes } = draw(expert).part
    if (sizes.length === 0 || (sizes.at(-1) ?? 0) + bytes > maxBytes) sizes.push(0)
    slots.set([sizes.length - 1, (sizes.at(-1) ?? 0) / 16], 2 * expert)
    sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + bytes
  }
  const banks = sizes.map((bytes) => buffers.zeros(bytes / 4))
  for (const expert of order) {
    const bank = banks[slots[2 * expert] ?? 0]
    if (bank) buffers.write(bank, draw(expert).words, (slots[2 * expert + 1] ?? 0) * 4)
  }
  return { banks, slots }
}
