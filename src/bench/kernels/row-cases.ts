// Answers: which kernels that go over rows of activations are measured? The router, norms, SwiGLU, sampling.
// It must not know how the kernels are dispatched.
import { planState } from '../../engine/state.ts'
import { sampleGraph } from '../../engine/steps.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { dense } from '../../models/mixture.ts'
import type { Dispatch } from '../../program/graph.ts'
import { swiglu } from '../../reference/activation.ts'
import { route_logits } from '../../reference/moe.ts'
import { rms_norm } from '../../reference/norm.ts'
import { sample_token } from '../../reference/sample.ts'
import {
  type Case,
  type CaseMaker,
  copiesOf,
  record,
  roundOver,
  type Setting,
  select,
  spreadRows,
  TOLERANCE,
  takeRows,
  unmeasured,
} from './case.ts'
import { layerOf } from './experts.ts'
import { drawMatrix, readRows } from './stored.ts'

export const rowCases: readonly CaseMaker[] = [
  {
    kernel: 'route_logits',
    role: 'router',
    mode: 'decode',
    stored: 'bf16', // as it is published: routers are not quantised
    ceiling: 'bytes',
    make: makeRouter,
  },
  sampling('greedy', { temperature: 0, topP: 1 }),
  sampling('top-p', { temperature: 0.6, topP: 0.95 }),
  { kernel: 'rms_norm', role: 'chunk', mode: 'prefill', stored: 'none', ceiling: 'bytes', make: makeNorm },
  {
    kernel: 'swiglu',
    role: 'dense layer',
    mode: 'prefill',
    stored: 'none',
    ceiling: 'bytes',
    make: makeSwiglu,
  },
]

async function makeRouter(setting: Setting): Promise<Case> {
  const { room, tokens, format, widths } = setting
  const { hidden, epsilon } = widths.spec
  const { experts } = widths.mixture
  const stored = drawMatrix(format, [experts], hidden, 7)
  const numbers = drawNumbers(tokens * hidden, 3)
  const weight = drawNumbers(hidden, 4)
  const normed = room.empty(tokens * hidden)
  const stride = padTo(experts, CHUNK)
  const logits = room.empty(tokens * stride)
  // The banks are not looked at: any layout will do.
  const none = room.empty(16)
  const slot = { ...stored.layout, ...stored.part }
  const bank = { routed: slot, shared: undefined, banks: [none.buffer], slots: none.buffer }
  const dispatches = layerOf(setting, 'decode', bank)
  const operands = { x: room.upload(numbers), norm: room.upload(weight), normed, logits }
  return {
    shape: `${tokens} × ${hidden} → ${experts}`,
    ...roundOver(
      copiesOf(setting, stored.part.bytes, () => room.upload(stored.words)),
      (weights) => select(dispatches, 'route_logits', { ...operands, weights }),
    ),
    cost: { weightBytes: stored.part.bytes, plainBytes: 0, flops: 2 * tokens * hidden * experts },
    step: { tokens },
    async result() {
      const [x, norm] = [Float64Array.from(numbers), Float64Array.from(weight)]
      const wanted = route_logits(x, norm, readRows(stored, 0, experts), epsilon)
      const rows = spreadRows(tokens, tokens)
      return [
        {
          actual: await room.read(normed, tokens * hidden),
          wanted: wanted.normed,
          tolerance: TOLERANCE.f32,
        },
        {
          actual: takeRows(await room.read(logits, tokens * stride), rows, stride, experts),
          wanted: wanted.logits,
          tolerance: TOLERANCE.f32,
        },
      ]
    },
  }
}

function sampling(role: string, options: { readonly temperature: number; readonly topP: number }): CaseMaker {
  return {
    kernel: 'sample_token',
    role,
    mode: 'decode',
    stored: 'none',
    ceiling: 'bytes',
    make: (setting) => makeSampling(setting, { ...options, topK: 0, minP: 0 }),
  }
}

const SEED = 5

/** One row, whatever the step has: a token is drawn at a time. */
async function makeSampling(setting: Setting, options: Parameters<typeof sample_token>[1]): Promise<Case> {
  const { room, widths } = setting
  const { spec } = widths
  const { vocab } = spec
  const numbers = drawNumbers(vocab, 3).map((each) => 12 * each)
  const { dispatches } = sampleGraph({ spec, state: planState(spec, 1, 1).resources })
  const result = room.empty(64)
  const operands = { counts: room.empty(vocab), token: room.empty(1), result }
  return {
    shape: `1 × ${vocab}`,
    ...roundOver(
      copiesOf(setting, vocab * 4, () => room.upload(numbers)),
      (adjusted) => select(dispatches, 'sample_token', { ...operands, adjusted }),
    ),
    cost: { weightBytes: 0, plainBytes: vocab * 4, flops: 0 },
    step: { ...options, seed: SEED },
    async result() {
      const [id = -1] = new Uint32Array((await room.read(result, 1)).buffer)
      const wanted = sample_token(Float64Array.from(numbers), options, SEED, 0)
      return [{ actual: [id], wanted: [wanted], tolerance: TOLERANCE.exact }]
    },
  }
}

/** What a dense layer records in prefill, norm and activation among it. */
function denseLayer(setting: Setting): { dispatches: readonly Dispatch[]; stride: number; upAt: number } {
  const { room, tokens, widths } = setting
  const { spec, dense: layer } = widths
  const none = room.empty(16)
  const up = unmeasured('bf16', [layer.inner, layer.inner], spec.hidden, none)
  const tensors = {
    kind: 'dense' as const,
    norm: { buffer: none.buffer, length: spec.hidden },
    up,
    down: unmeasured('bf16', [spec.hidden], layer.inner, none),
  }
  const dispatches = record(setting, 'prefill', (context) => {
    const x = context.graph.activation('x', 'f32', tokens, spec.hidden)
    dense(context, spec, tensors, layer.inner, x)
  })
  return { dispatches, stride: up.rows, upAt: up.starts[1] ?? 0 }
}

async function makeNorm(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { hidden, epsilon } = widths.spec
  const numbers = drawNumbers(tokens * hidden, 3)
  const weight = drawNumbers(hidden, 4)
  const y = room.empty(tokens * hidden)
  const { dispatches } = denseLayer(setting)
  const operands = { weight: room.upload(weight), y }
  return {
    shape: `${tokens} × ${hidden}`,
    ...roundOver(
      copiesOf(setting, numbers.byteLength, () => room.upload(numbers)),
      (x) => select(dispatches, 'rms_norm', { ...operands, x }),
    ),
    cost: { weightBytes: 0, plainBytes: numbers.byteLength, flops: 4 * tokens * hidden },
    step: { tokens },
    async result() {
      const rows = spreadRows(tokens, 8)
      const wanted = rms_norm(takeRows(numbers, rows, hidden), Float64Array.from(weight), epsilon)
      const actual = takeRows(await room.read(y, tokens * hidden), rows, hidden)
      return [{ actual, wanted, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}

async function makeSwiglu(setting: Setting): Promise<Case> {
  const { room, tokens, widths } = setting
  const { inner } = widths.dense
  const { dispatches, stride, upAt } = denseLayer(setting)
  const numbers = drawNumbers(tokens * stride, 3).map((each) => 4 * each)
  const y = room.empty(tokens * inner)
  return {
    shape: `${tokens} × 2 · ${inner}`,
    ...roundOver(
      copiesOf(setting, numbers.byteLength, () => room.upload(numbers)),
      (x) => select(dispatches, 'swiglu', { x, y }),
    ),
    cost: { weightBytes: 0, plainBytes: 2 * tokens * inner * 4, flops: 0 },
    step: { tokens },
    async result() {
      const rows = spreadRows(tokens, 8)
      const wanted = swiglu(takeRows(numbers, rows, stride), stride, upAt, inner)
      const actual = takeRows(await room.read(y, tokens * inner), rows, inner)
      return [{ actual, wanted, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}
