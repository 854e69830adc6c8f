// Answers: what do the cases of experts share? Experts drawn into banks as the engine lays them, routes, and a layer as a model records it.
// It must not know which kernel is measured.
import { type GpuBank, layoutPart, type SlotLayout } from '../../gpu/matrix.ts'
import { mixture } from '../../models/mixture.ts'
import type { Mixture } from '../../models/spec.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { Choice, Expert } from '../../reference/moe.ts'
import { type CaseMaker, record, type Setting, unmeasured } from './case.ts'
import type { Room } from './room.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

/** The choices of a token: routed experts, then the shared one with weight 1. */
export type Choices = readonly Choice[]

/** Which experts the tokens of a round take: all the same number of times, as far as it goes. */
export function routesOf({ tokens, widths }: Setting, round: number): readonly Choices[] {
  const { experts, active } = widths.mixture
  return Array.from({ length: tokens }, (_, token) => [
    ...Array.from({ length: active }, (_, i) => ({
      expert: ((round + token) * active + i) % experts,
      weight: Math.fround(0.1 + 0.1 * i),
    })),
    { expert: experts, weight: 1 },
  ])
}

/** The routed ones, as the route kernel writes them: [tokens, active, 2], ids and bits of weights. */
export function routeWords(routes: readonly (readonly Choice[])[]): Uint32Array<ArrayBuffer> {
  const choices = routes.flat()
  const words = new Uint32Array(2 * choices.length)
  const floats = new Float32Array(words.buffer)
  choices.forEach(({ expert, weight }, i) => {
    words[2 * i] = expert
    floats[2 * i + 1] = weight
  })
  return words
}

export const uploadRoutes = (room: Room, routes: readonly Choices[], active: number): Resource =>
  room.upload(routeWords(routes.map((choices) => choices.slice(0, active))))

export const widthOf = ({ experts, inner, sharedInner }: Mixture, expert: number): number =>
  expert === experts ? sharedInner : inner

/** Numbers of a row of inner results: the widest expert's. */
export const strideOf = ({ inner, sharedInner }: Mixture): number => Math.max(inner, sharedInner)

/** What a layer of experts records. Both banks are `bank`: a case uses the kernels of the one that it drew. */
export function layerOf(setting: Setting, mode: CaseMaker['mode'], bank: GpuBank): readonly Dispatch[] {
  const { room, tokens, widths } = setting
  const { spec, mixture: layer } = widths
  const none = room.empty(16)
  const tensors = {
    kind: 'mixture' as const,
    norm: { buffer: none.buffer, length: spec.hidden },
    gate: unmeasured('bf16', [layer.experts], spec.hidden, none),
    bias: undefined,
    up: bank,
    down: bank,
  }
  return record(setting, mode, (context) => {
    const x = context.graph.activation('x', 'f32', tokens, spec.hidden)
    mixture(context, spec, layer, tensors, none, x)
  })
}

export interface StoredExperts {
  readonly bank: GpuBank
  /** What an expert holds, in f64, without the gap between gate and up. Its other matrix is empty. */
  expert(index: number): Expert
}

/** Gate and up of every expert. */
export function drawUps(setting: Setting): StoredExperts {
  const { spec, mixture: layer } = setting.widths
  const draw = (expert: number) => {
    const width = widthOf(layer, expert)
    return drawMatrix(setting.format, [width, width], spec.hidden, expert + 1)
  }
  return {
    bank: bankOf(setting, draw),
    expert(index) {
      const [stored, width] = [draw(index), widthOf(layer, index)]
      const up = new Float64Array(2 * width * spec.hidden)
      up.set(readRows(stored, 0, width))
      up.set(readRows(stored, stored.layout.starts[1] ?? 0, width), width * spec.hidden)
      return { up, down: new Float64Array() }
    },
  }
}

/** Down of every expert. */
export function drawDowns(setting: Setting): StoredExperts {
  const { spec, mixture: layer } = setting.widths
  const draw = (expert: number) =>
    drawMatrix(setting.format, [spec.hidden], widthOf(layer, expert), expert + 1)
  return {
    bank: bankOf(setting, draw),
    expert: (index) => ({ up: new Float64Array(), down: readRows(draw(index), 0, spec.hidden) }),
  }
}

/** Draws every expert and lays them into banks as the engine does, the shared one first. */
function bankOf({ room, widths }: Setting, draw: (expert: number) => StoredMatrix): GpuBank {
  const { experts } = widths.mixture
  const { banks, slots } = fillBanks(room, experts, draw)
  const slotOf = ({ layout }: StoredMatrix): SlotLayout => ({
    ...layout,
    ...layoutPart(layout, 0, layout.rows),
  })
  return {
    routed: slotOf(draw(0)),
    shared: slotOf(draw(experts)),
    banks: banks.map(({ buffer }) => buffer),
    slots: room.upload(slots).buffer,
  }
}

function fillBanks(
  room: Room,
  experts: number,
  draw: (expert: number) => StoredMatrix,
): { banks: Resource[]; slots: Uint32Array<ArrayBuffer> } {
  const order = [experts, ...Array.from({ length: experts }, (_, expert) => expert)]
  const most = room.device.capabilities.maxBindingBytes
  const slots = new Uint32Array(2 * (experts + 1))
  const sizes: number[] = []
  for (const expert of order) {
    const { bytes } = draw(expert).part
    if (sizes.length === 0 || (sizes.at(-1) ?? 0) + bytes > most) sizes.push(0)
    slots.set([sizes.length - 1, (sizes.at(-1) ?? 0) / 16], 2 * expert)
    sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + bytes
  }
  const banks = sizes.map((bytes) => room.empty(bytes / 4))
  for (const expert of order) {
    const bank = banks[slots[2 * expert] ?? 0]
    if (bank) room.write(bank, draw(expert).words, (slots[2 * expert + 1] ?? 0) * 4)
  }
  return { banks, slots }
}
