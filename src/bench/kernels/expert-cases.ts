// Benchmark cases of the expert kernels: up and down, in decode and in prefill.

import type { CheckedOutput } from '../../engine/check/check.ts'
import { expectDefined } from '../../lib/error.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import {
  expert_down_decode,
  expert_down_prefill,
  expert_up_decode,
  expert_up_prefill,
  group_tokens,
} from '../../reference/moe.ts'
import {
  type CaseMaker,
  type CaseSettings,
  type KernelCase,
  PREFILL_TOLERANCE,
  roundOver,
  sampleRows,
  TOLERANCE,
  withOperands,
} from './case.ts'
import {
  expertWidth,
  innerStride,
  moeDispatches,
  type RandomExperts,
  randomDown,
  randomGateUp,
  routesForRound,
  type TokenRoute,
  uploadRoutes,
} from './random-experts.ts'

export const EXPERT_DECODE_CASES: readonly CaseMaker[] = [
  defineCase('expert_up_decode', makeUpDecode),
  defineCase('expert_down_decode', makeDownDecode),
]

export const EXPERT_PREFILL_CASES: readonly CaseMaker[] = [
  defineCase('expert_up_prefill', makeUpPrefill),
  defineCase('expert_down_prefill', makeDownPrefill),
]

function defineCase(kernel: string, make: CaseMaker['build']): CaseMaker {
  const isDecode = kernel.endsWith('decode')
  return {
    kernel,
    role: 'routed and shared',
    mode: isDecode ? 'decode' : 'prefill',
    weightFormat: 'any',
    ceiling: isDecode ? 'bytes' : 'product',
    build: make,
  }
}

/** Cost of one run with `matrices` matrices per expert. */
function costOf(
  { tokens, widths }: CaseSettings,
  { bank }: RandomExperts,
  matrices: 1 | 2,
): KernelCase['cost'] {
  const { experts, expertsPerToken, intermediateSize, sharedIntermediateSize } = widths.mixture
  const expertsRead = Math.min(experts, tokens * expertsPerToken)
  return {
    weightBytes: expertsRead * bank.routed.bytes + (bank.shared?.bytes ?? 0),
    plainBytes: 0,
    flops:
      2 *
      tokens *
      (expertsPerToken * intermediateSize + sharedIntermediateSize) *
      widths.spec.hiddenSize *
      matrices,
  }
}

const shapeOf = ({ tokens, widths }: CaseSettings, up: boolean): string => {
  const { hiddenSize } = widths.spec
  const { intermediateSize, expertsPerToken, experts } = widths.mixture
  const product = up ? `${hiddenSize} → 2 · ${intermediateSize}` : `${intermediateSize} → ${hiddenSize}`
  return `${tokens} × ${product}, ${expertsPerToken} of ${experts}`
}

/** Row of an expert's inner activations in decode: per token the routed experts, then the shared one. */
const innerRowOf = ({ expertsPerToken }: CaseSettings['widths']['mixture'], token: number, choice: number) =>
  token * (expertsPerToken + 1) + choice

async function makeUpDecode(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hiddenSize } = widths.spec
  const layer = widths.mixture
  const numbers = randomNumbers(tokens * hiddenSize, 3)
  const inner = buffers.zeros(tokens * (layer.expertsPerToken + 1) * innerStride(layer))
  const stored = randomGateUp(settings)
  const operands = { x: buffers.upload(numbers), inner }
  const outputOf = async (routes: readonly TokenRoute[]) => {
    const actual = await buffers.read(inner, tokens * (layer.expertsPerToken + 1) * innerStride(layer))
    const expected = new Float64Array(actual.length)
    routes.forEach((choices, token) => {
      const x = Float64Array.from(numbers.subarray(token * hiddenSize, (token + 1) * hiddenSize))
      choices.forEach(({ expert }, choice) => {
        const at = innerRowOf(layer, token, choice) * innerStride(layer)
        expected.set(expert_up_decode(x, stored.expert(expert)), at)
      })
    })
    return { actual, expected }
  }
  return decodeCase(settings, { kernel: 'expert_up_decode', stored, operands, outputOf })
}

async function makeDownDecode(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hiddenSize } = widths.spec
  const layer = widths.mixture
  const numbers = randomNumbers(tokens * (layer.expertsPerToken + 1) * innerStride(layer), 4)
  const y = buffers.zeros(tokens * hiddenSize)
  const stored = randomDown(settings)
  const operands = { inner: buffers.upload(numbers), y }
  const outputOf = async (routes: readonly TokenRoute[]) => {
    const actual = await buffers.read(y, tokens * hiddenSize)
    const expected = new Float64Array(actual.length)
    routes.forEach((choices, token) => {
      const rows = choices.map(({ expert }, choice) => {
        const at = innerRowOf(layer, token, choice) * innerStride(layer)
        return Float64Array.from(numbers.subarray(at, at + expertWidth(layer, expert)))
      })
      const chosen = choices.map(({ expert }) => stored.expert(expert))
      const weights = choices.map(({ weight }) => weight)
      expected.set(expert_down_decode(rows, chosen, weights), token * hiddenSize)
    })
    return { actual, expected }
  }
  return decodeCase(settings, { kernel: 'expert_down_decode', stored, operands, outputOf })
}

interface ExpertKernel {
  readonly kernel: string
  readonly stored: RandomExperts
  readonly operands: Readonly<Record<string, Resource>>
}

interface DecodeKernel extends ExpertKernel {
  readonly outputOf: (routes: readonly TokenRoute[]) => Promise<Omit<CheckedOutput, 'tolerance'>>
}

/**
 * Each run of a round has its own routes, so that nearly all experts are read, and the shared one in every
 * run.
 */
function decodeCase(
  settings: CaseSettings,
  { kernel, stored, operands, outputOf }: DecodeKernel,
): KernelCase {
  const { buffers, tokens, widths } = settings
  const { experts, expertsPerToken } = widths.mixture
  const rounds = Array.from({ length: Math.max(1, Math.floor(experts / expertsPerToken)) }, (_, round) =>
    routesForRound(settings, round),
  )
  const all = moeDispatches(settings, 'decode', stored.bank)
  return {
    shape: shapeOf(settings, kernel === 'expert_up_decode'),
    ...roundOver(rounds, (routes) =>
      withOperands(all, kernel, { ...operands, route: uploadRoutes(buffers, routes, expertsPerToken) }),
    ),
    cost: costOf(settings, stored, kernel === 'expert_up_decode' ? 2 : 1),
    step: { tokens },
    outputs: async () => [{ ...(await outputOf(rounds[0] ?? [])), tolerance: TOLERANCE.f32 }],
  }
}

async function makeUpPrefill(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hiddenSize } = widths.spec
  const layer = widths.mixture
  const numbers = randomNumbers(tokens * hiddenSize, 3)
  const inner = buffers.zeros(tokens * (layer.expertsPerToken + 1) * innerStride(layer))
  const stored = randomGateUp(settings)
  return prefillCase(settings, {
    kernel: 'expert_up_prefill',
    stored,
    operands: { x: buffers.upload(numbers), inner },
    output: inner,
    stride: innerStride(layer),
    expectedOf({ token, expert }) {
      const x = Float64Array.from(numbers.subarray(token * hiddenSize, (token + 1) * hiddenSize))
      return expert_up_prefill(x, stored.expert(expert))
    },
  })
}

async function makeDownPrefill(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hiddenSize } = widths.spec
  const layer = widths.mixture
  const numbers = randomNumbers(tokens * (layer.expertsPerToken + 1) * innerStride(layer), 4)
  const output = buffers.zeros(tokens * (layer.expertsPerToken + 1) * hiddenSize)
  const stored = randomDown(settings)
  return prefillCase(settings, {
    kernel: 'expert_down_prefill',
    stored,
    operands: { inner: buffers.upload(numbers), output },
    output,
    stride: hiddenSize,
    expectedOf({ row, expert }) {
      const at = row * innerStride(layer)
      const inner = Float64Array.from(numbers.subarray(at, at + expertWidth(layer, expert)))
      return expert_down_prefill(inner, stored.expert(expert))
    },
  })
}

/** A row of a chunk whose tokens are grouped by expert. */
interface ExpertRow {
  readonly row: number
  readonly token: number
  readonly expert: number
}

interface PrefillKernel extends ExpertKernel {
  readonly output: Resource // [rows, stride]
  readonly stride: number
  readonly expectedOf: (row: ExpertRow) => Float64Array
}

/** Groups the tokens of a chunk by expert on the GPU, then measures `kernel`. */
function prefillCase(
  settings: CaseSettings,
  { kernel, stored, operands, output, stride, expectedOf }: PrefillKernel,
): KernelCase {
  const { buffers, tokens, widths } = settings
  const { experts, expertsPerToken } = widths.mixture
  const routes = routesForRound(settings, 0)
  const all = moeDispatches(settings, 'prefill', stored.bank)
  const [grouping] = withOperands(all, 'group_tokens', {
    route: uploadRoutes(buffers, routes, expertsPerToken),
  })
  const { dispatch, grouped } = withOwnBuffer(settings, expectDefined(grouping, 'group_tokens'))
  const round = roundOver([undefined], () => withOperands(all, kernel, { ...operands, grouped }))
  return {
    shape: shapeOf(settings, kernel === 'expert_up_prefill'),
    ...round,
    firstRun: [dispatch, ...round.firstRun],
    cost: costOf(settings, stored, kernel === 'expert_up_prefill' ? 2 : 1),
    step: { tokens },
    async outputs() {
      const ids = routes.map((choices) => choices.slice(0, expertsPerToken).map(({ expert }) => expert))
      const { rows } = group_tokens(ids, experts, true, 1)
      // Rows are ordered by expert: check the first, the last (shared), and some between.
      const checked = sampleRows(rows.length, 9).map((row) => ({ row, ...expectDefined(rows[row], 'a row') }))
      const values = await buffers.read(output, rows.length * stride)
      const expected = checked.map(expectedOf)
      const actual = checked.flatMap(({ row }, i) => [
        ...values.subarray(row * stride, row * stride + (expected[i]?.length ?? 0)),
      ])
      return [
        {
          actual,
          expected: expected.flatMap((rowValues) => [...rowValues]),
          rows: checked.map(({ row }) => row),
          tolerance: PREFILL_TOLERANCE[settings.matmulPrecision],
        },
      ]
    },
  }
}

/** The grouping dispatch, with a buffer for its output. */
function withOwnBuffer(
  { buffers }: CaseSettings,
  dispatch: Dispatch,
): { dispatch: Dispatch; grouped: Resource } {
  const planned = expectDefined(dispatch.operands.grouped, 'the operand grouped')
  const grouped = buffers.zeros(planned.kind === 'activation' ? planned.rows * planned.cols : 0)
  return { dispatch: { ...dispatch, operands: { ...dispatch.operands, grouped } }, grouped }
}
