// Answers: which kernels of a mixture of experts are measured? V2-Lite's: 64 experts of 1408 and a shared one of 2816, six at a time.
// It must not know how the kernels are dispatched.
import { type GpuBank, type GpuMatrix, layoutPart, type SlotLayout } from '../../gpu/matrix.ts'
import { mixture } from '../../models/mixture.ts'
import type { MixtureTensors } from '../../models/tensors.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import { type Expert, expert_down_decode, expert_up_decode } from '../../reference/moe.ts'
import { type Case, type CaseMaker, record, type Setting, select } from './case.ts'
import { MIXTURE, SPEC } from './model.ts'
import { drawNumbers, type Room } from './room.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

const { hidden } = SPEC
const { experts, active, inner, sharedInner } = MIXTURE
const STRIDE = sharedInner // of a row of inner numbers: the widest, a multiple of 16

export const expertCases: readonly CaseMaker[] = [
  { kernel: 'expert_up_decode', role: '6 of 64 and shared', make: makeUp },
  { kernel: 'expert_down_decode', role: '6 of 64 and shared', make: makeDown },
]

async function makeUp(setting: Setting): Promise<Case> {
  const { room, tokens } = setting
  const numbers = drawNumbers(tokens * hidden, 3)
  const out = room.empty(tokens * (active + 1) * STRIDE)
  const stored = drawExperts(setting, (width) => [width, width], hidden)
  return finish(
    setting,
    'expert_up_decode',
    stored,
    { x: room.upload(numbers), inner: out },
    async (routes) => {
      const actual = await room.read(out, tokens * (active + 1) * STRIDE)
      const wanted = new Float64Array(actual.length)
      routes.forEach(({ token, choices }) => {
        const x = Float64Array.from(numbers.subarray(token * hidden, (token + 1) * hidden))
        choices.forEach(({ expert }, choice) => {
          const values = expert_up_decode(x, { up: stored.gateAndUp(expert), down: new Float64Array() })
          wanted.set(values, (token * (active + 1) + choice) * STRIDE)
        })
      })
      return { actual, wanted }
    },
  )
}

async function makeDown(setting: Setting): Promise<Case> {
  const { room, tokens } = setting
  const numbers = drawNumbers(tokens * (active + 1) * STRIDE, 4)
  const y = room.empty(tokens * hidden)
  const stored = drawExperts(setting, () => [hidden], undefined)
  return finish(setting, 'expert_down_decode', stored, { inner: room.upload(numbers), y }, async (routes) => {
    const actual = await room.read(y, tokens * hidden)
    const wanted = new Float64Array(actual.length)
    routes.forEach(({ token, choices }) => {
      const rows = choices.map(({ expert }, choice) => {
        const at = (token * (active + 1) + choice) * STRIDE
        return Float64Array.from(numbers.subarray(at, at + widthOf(expert)))
      })
      const chosen = choices.map(
        ({ expert }): Expert => ({ up: new Float64Array(), down: stored.whole(expert) }),
      )
      const weights = choices.map(({ weight }) => weight)
      wanted.set(expert_down_decode(rows, chosen, weights), token * hidden)
    })
    return { actual, wanted }
  })
}

interface Choices {
  readonly token: number
  readonly choices: readonly { readonly expert: number; readonly weight: number }[]
}

/** Rounds differ in their routes: 60 of the 64 experts are read once, the shared one in every run. */
const ROUTES = Math.floor(experts / active)

function finish(
  setting: Setting,
  kernel: string,
  stored: StoredExperts,
  operands: Readonly<Record<string, Resource>>,
  result: (routes: readonly Choices[]) => ReturnType<Case['result']>,
): Case {
  const { room, tokens } = setting
  const routes = Array.from({ length: ROUTES }, (_, round) =>
    Array.from({ length: tokens }, (_, token) => choicesOf(round + token, token)),
  )
  const none = room.empty(16)
  const matrix: GpuMatrix = { ...stored.bank.routed, parts: [{ ...stored.bank.routed, buffer: none.buffer }] }
  const tensors: MixtureTensors<GpuMatrix, { buffer: () => GPUBuffer; length: number }, GpuBank> = {
    kind: 'mixture',
    norm: { buffer: none.buffer, length: hidden },
    gate: matrix,
    bias: undefined,
    up: stored.bank,
    down: stored.bank,
  }
  const recorded = routes.map((each): Dispatch[] => {
    const all = record(setting, 'decode', (context) =>
      mixture(context, SPEC, MIXTURE, tensors, none, context.graph.activation('x', 'f32', tokens, hidden)),
    )
    return select(all, kernel, { ...operands, route: room.upload(routeWords(each)) })
  })
  const bytes = tokens * (active * stored.bank.routed.bytes + (stored.bank.shared?.bytes ?? 0))
  return {
    kernel,
    role: '6 of 64 and shared',
    shape:
      kernel === 'expert_up_decode'
        ? `${tokens} × ${hidden} → 2 · ${inner}`
        : `${tokens} × ${inner} → ${hidden}`,
    dispatches: recorded.flat(),
    first: recorded[0] ?? [],
    runs: recorded.length,
    bytes,
    flops: 2 * tokens * (active * inner + sharedInner) * hidden * (kernel === 'expert_up_decode' ? 2 : 1),
    ceiling: 'weights',
    step: { tokens },
    result: () => result(routes[0] ?? []),
  }
}

const choicesOf = (round: number, token: number): Choices => ({
  token,
  choices: [
    ...Array.from({ length: active }, (_, i) => ({
      expert: (round * active + i) % experts,
      weight: Math.fround(0.1 + 0.1 * i),
    })),
    { expert: experts, weight: 1 },
  ],
})

/** As the route kernel writes them; the shared expert is not among them. */
function routeWords(rows: readonly Choices[]): Uint32Array {
  const routed = rows.flatMap(({ choices }) => choices.slice(0, active))
  const words = new Uint32Array(2 * routed.length)
  const floats = new Float32Array(words.buffer)
  routed.forEach(({ expert, weight }, i) => {
    words[2 * i] = expert
    floats[2 * i + 1] = weight
  })
  return words
}

const widthOf = (expert: number): number => (expert === experts ? sharedInner : inner)

interface StoredExperts {
  readonly bank: GpuBank
  /** Gate rows over up rows of an expert, without the gap between them. */
  gateAndUp(expert: number): Float64Array
  whole(expert: number): Float64Array
}

/** Draws every expert and lays them into banks as the engine does, the shared one first. */
function drawExperts(
  { room, format }: Setting,
  heights: (width: number) => readonly number[],
  cols: number | undefined,
): StoredExperts {
  const draw = (expert: number) => {
    const width = widthOf(expert)
    return drawMatrix(format, heights(width), cols ?? width, expert + 1)
  }
  const { banks, slots } = fillBanks(room, draw)
  const slotOf = ({ layout }: StoredMatrix): SlotLayout => ({
    ...layout,
    ...layoutPart(layout, 0, layout.rows),
  })
  return {
    bank: {
      routed: slotOf(draw(0)),
      shared: slotOf(draw(experts)),
      banks: banks.map(({ buffer }) => buffer),
      slots: room.upload(slots).buffer,
    },
    whole(expert) {
      const stored = draw(expert)
      return readRows(stored, 0, stored.layout.rows)
    },
    gateAndUp(expert) {
      const stored = draw(expert)
      const [width, up] = [widthOf(expert), stored.layout.starts[1] ?? 0]
      const both = new Float64Array(2 * width * hidden)
      both.set(readRows(stored, 0, width))
      both.set(readRows(stored, up, width), width * hidden)
      return both
    },
  }
}

function fillBanks(
  room: Room,
  draw: (expert: number) => StoredMatrix,
): { banks: Resource[]; slots: Uint32Array } {
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
