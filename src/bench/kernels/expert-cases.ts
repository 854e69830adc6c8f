// Answers: which kernels of experts are measured? Up and down, in decode and in prefill.
// It must not know how the kernels are dispatched, nor how experts lie in banks.
import { drawNumbers } from '../../lib/draw.ts'
import { present } from '../../lib/error.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import {
  expert_down_decode,
  expert_down_prefill,
  expert_up_decode,
  expert_up_prefill,
  group_tokens,
} from '../../reference/moe.ts'
import {
  type Case,
  type CaseMaker,
  PREFILL_TOLERANCE,
  type Proof,
  roundOver,
  type Setting,
  select,
  spreadRows,
  TOLERANCE,
} from './case.ts'
import {
  type Choices,
  drawDowns,
  drawUps,
  layerOf,
  routesOf,
  type StoredExperts,
  strideOf,
  uploadRoutes,
  widthOf,
} from './experts.ts'

export const expertCases: readonly CaseMaker[] = [
  maker('expert_up_decode', makeUpDecode),
  maker('expert_down_decode', makeDownDecode),
]

export const expertPrefillCases: readonly CaseMaker[] = [
  maker('expert_up_prefill', makeUpPrefill),
  maker('expert_down_prefill', makeDownPrefill),
]

function maker(kernel: string, make: CaseMaker['make']): CaseMaker {
  const decode = kernel.endsWith('decode')
  return {
    kernel,
    role: 'routed and shared',
    mode: decode ? 'decode' : 'prefill',
    stored: 'any',
    ceiling: decode ? 'bytes' : 'product',
    make,
  }
}

/** What one run takes, of `matrices` matrices an expert. */
function costOf({ tokens, widths }: Setting, { bank }: StoredExperts, matrices: 1 | 2): Case['cost'] {
  const { experts, active, inner, sharedInner } = widths.mixture
  const visited = Math.min(experts, tokens * active)
  return {
    weightBytes: visited * bank.routed.bytes + (bank.shared?.bytes ?? 0),
    plainBytes: 0,
    flops: 2 * tokens * (active * inner + sharedInner) * widths.spec.hidden * matrices,
  }
}

const shapeOf = ({ tokens, widths }: Setting, up: boolean): string => {
  const { hidden } = widths.spec
  const { inner, active, experts } = widths.mixture
  return `${tokens} × ${up ? `${hidden} → 2 · ${inner}` : `${inner} → ${hidden}`}, ${active} of ${experts}`
}

/** A token's place among the inner rows of decode: those of its routed experts, then the shared one's. */
const entryOf = ({ active }: Setting['widths']['mixture'], token: number, choice: number) =>
  token * (active + 1) + choice

async function makeUpDecode(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { hidden } = widths.spec
  const layer = widths.mixture
  const numbers = drawNumbers(tokens * hidden, 3)
  const inner = room.empty(tokens * (layer.active + 1) * strideOf(layer))
  const stored = drawUps(setting)
  return decoding(setting, 'expert_up_decode', stored, { x: room.upload(numbers), inner }, async (routes) => {
    const actual = await room.read(inner, tokens * (layer.active + 1) * strideOf(layer))
    const wanted = new Float64Array(actual.length)
    routes.forEach((choices, token) => {
      const x = Float64Array.from(numbers.subarray(token * hidden, (token + 1) * hidden))
      choices.forEach(({ expert }, choice) => {
        const at = entryOf(layer, token, choice) * strideOf(layer)
        wanted.set(expert_up_decode(x, stored.expert(expert)), at)
      })
    })
    return { actual, wanted }
  })
}

async function makeDownDecode(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { hidden } = widths.spec
  const layer = widths.mixture
  const numbers = drawNumbers(tokens * (layer.active + 1) * strideOf(layer), 4)
  const y = room.empty(tokens * hidden)
  const stored = drawDowns(setting)
  const operands = { inner: room.upload(numbers), y }
  return decoding(setting, 'expert_down_decode', stored, operands, async (routes) => {
    const actual = await room.read(y, tokens * hidden)
    const wanted = new Float64Array(actual.length)
    routes.forEach((choices, token) => {
      const rows = choices.map(({ expert }, choice) => {
        const at = entryOf(layer, token, choice) * strideOf(layer)
        return Float64Array.from(numbers.subarray(at, at + widthOf(layer, expert)))
      })
      const chosen = choices.map(({ expert }) => stored.expert(expert))
      const weights = choices.map(({ weight }) => weight)
      wanted.set(expert_down_decode(rows, chosen, weights), token * hidden)
    })
    return { actual, wanted }
  })
}

type Result = Omit<Proof, 'tolerance'>

/** Runs of a round differ in their routes: nearly all experts are read, the shared one in every run. */
function decoding(
  setting: Setting,
  kernel: string,
  stored: StoredExperts,
  operands: Readonly<Record<string, Resource>>,
  result: (routes: readonly Choices[]) => Promise<Result>,
): Case {
  const { room, tokens, widths } = setting
  const { experts, active } = widths.mixture
  const rounds = Array.from({ length: Math.max(1, Math.floor(experts / active)) }, (_, round) =>
    routesOf(setting, round),
  )
  const all = layerOf(setting, 'decode', stored.bank)
  return {
    shape: shapeOf(setting, kernel === 'expert_up_decode'),
    ...roundOver(rounds, (routes) =>
      select(all, kernel, { ...operands, route: uploadRoutes(room, routes, active) }),
    ),
    cost: costOf(setting, stored, kernel === 'expert_up_decode' ? 2 : 1),
    step: { tokens },
    result: async () => [{ ...(await result(rounds[0] ?? [])), tolerance: TOLERANCE.f32 }],
  }
}

async function makeUpPrefill(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { hidden } = widths.spec
  const layer = widths.mixture
  const numbers = drawNumbers(tokens * hidden, 3)
  const inner = room.empty(tokens * (layer.active + 1) * strideOf(layer))
  const stored = drawUps(setting)
  const operands = { x: room.upload(numbers), inner }
  return prefilling(setting, 'expert_up_prefill', stored, operands, inner, strideOf(layer), (chosen) => {
    const x = Float64Array.from(numbers.subarray(chosen.token * hidden, (chosen.token + 1) * hidden))
    return expert_up_prefill(x, stored.expert(chosen.expert))
  })
}

async function makeDownPrefill(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { hidden } = widths.spec
  const layer = widths.mixture
  const numbers = drawNumbers(tokens * (layer.active + 1) * strideOf(layer), 4)
  const output = room.empty(tokens * (layer.active + 1) * hidden)
  const stored = drawDowns(setting)
  const operands = { inner: room.upload(numbers), output }
  return prefilling(setting, 'expert_down_prefill', stored, operands, output, hidden, ({ row, expert }) => {
    const at = row * strideOf(layer)
    const inner = Float64Array.from(numbers.subarray(at, at + widthOf(layer, expert)))
    return expert_down_prefill(inner, stored.expert(expert))
  })
}

/** A row of a chunk sorted by experts. */
interface Grouped {
  readonly row: number
  readonly token: number
  readonly expert: number
}

/** Sorts the tokens of a chunk by expert on the GPU, then measures `kernel`, which writes rows of `stride` numbers into `output`. */
function prefilling(
  setting: Setting,
  kernel: string,
  stored: StoredExperts,
  operands: Readonly<Record<string, Resource>>,
  output: Resource,
  stride: number,
  wantedOf: (row: Grouped) => Float64Array,
): Case {
  const { room, tokens, widths } = setting
  const { experts, active } = widths.mixture
  const routes = routesOf(setting, 0)
  const all = layerOf(setting, 'prefill', stored.bank)
  const [sorting] = select(all, 'group_tokens', { route: uploadRoutes(room, routes, active) })
  const { dispatch, grouped } = intoRoom(setting, present(sorting, 'group_tokens'))
  const round = roundOver([undefined], () => select(all, kernel, { ...operands, grouped }))
  return {
    shape: shapeOf(setting, kernel === 'expert_up_prefill'),
    ...round,
    first: [dispatch, ...round.first],
    cost: costOf(setting, stored, kernel === 'expert_up_prefill' ? 2 : 1),
    step: { tokens },
    async result() {
      const ids = routes.map((choices) => choices.slice(0, active).map(({ expert }) => expert))
      const { rows } = group_tokens(ids, experts, true, 1)
      // Rows come in the order of experts: the first, the last (shared), and some between.
      const proven = spreadRows(rows.length, 9).map((row) => ({ row, ...present(rows[row], 'a row') }))
      const values = await room.read(output, rows.length * stride)
      const wanted = proven.map(wantedOf)
      const actual = proven.flatMap(({ row }, i) => [
        ...values.subarray(row * stride, row * stride + (wanted[i]?.length ?? 0)),
      ])
      return [
        {
          actual,
          wanted: wanted.flatMap((each) => [...each]),
          rows: proven.map(({ row }) => row),
          tolerance: PREFILL_TOLERANCE[setting.products],
        },
      ]
    },
  }
}

/** The sorting dispatch, with a buffer for what it writes. */
function intoRoom({ room }: Setting, dispatch: Dispatch): { dispatch: Dispatch; grouped: Resource } {
  const planned = present(dispatch.operands.grouped, 'the operand grouped')
  const grouped = room.empty(planned.kind === 'activation' ? planned.rows * planned.cols : 0)
  return { dispatch: { ...dispatch, operands: { ...dispatch.operands, grouped } }, grouped }
}
