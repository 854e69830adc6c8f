// Benchmark cases of row-wise kernels: the router, RMS norm, SwiGLU and sampling.
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
  type CaseMaker,
  type CaseSettings,
  copiesForRound,
  gatherRows,
  type KernelCase,
  layoutOnly,
  recordDispatches,
  roundOver,
  sampleRows,
  TOLERANCE,
  withOperands,
} from './case.ts'
import { moeDispatches } from './experts.ts'
import { drawMatrix, readRows } from './stored.ts'
import type { DenseTensors } from '../../models/tensors.ts'
import type { GpuMatrix, GpuVector } from '../../gpu/matrix.ts'

export const ROW_CASES: readonly CaseMaker[] = [
  {
    kernel: 'route_logits',
    role: 'router',
    mode: 'decode',
    weightFormat: 'bf16', // as published: routers are not quantised
    ceiling: 'bytes',
    build: makeRouter,
  },
  sampling('greedy', { temperature: 0, topP: 1 }),
  sampling('top-p', { temperature: 0.6, topP: 0.95 }),
  {
    kernel: 'rms_norm',
    role: 'chunk',
    mode: 'prefill',
    weightFormat: 'none',
    ceiling: 'bytes',
    build: makeNorm,
  },
  {
    kernel: 'swiglu',
    role: 'dense layer',
    mode: 'prefill',
    weightFormat: 'none',
    ceiling: 'bytes',
    build: makeSwiglu,
  },
]

async function makeRouter(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, format, widths } = settings
  const { hidden, epsilon } = widths.spec
  const { experts } = widths.mixture
  const stored = drawMatrix(format, [experts], hidden, 7)
  const numbers = drawNumbers(tokens * hidden, 3)
  const weight = drawNumbers(hidden, 4)
  const normed = buffers.empty(tokens * hidden)
  const stride = padTo(experts, CHUNK)
  const logits = buffers.empty(tokens * stride)
  // The expert kernels are not run, so any bank layout will do.
  const unused = buffers.empty(16)
  const slot = { ...stored.layout, ...stored.part }
  const bank = { routed: slot, shared: undefined, banks: [unused.buffer], slots: unused.buffer }
  const dispatches = moeDispatches(settings, 'decode', bank)
  const operands = { x: buffers.upload(numbers), norm: buffers.upload(weight), normed, logits }
  return {
    shape: `${tokens} × ${hidden} → ${experts}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'route_logits', { ...operands, weights }),
    ),
    cost: { weightBytes: stored.part.bytes, plainBytes: 0, flops: 2 * tokens * hidden * experts },
    step: { tokens },
    async outputs() {
      const [x, norm] = [Float64Array.from(numbers), Float64Array.from(weight)]
      const expected = route_logits(x, norm, readRows(stored, 0, experts), epsilon)
      const rows = sampleRows(tokens, tokens)
      return [
        {
          actual: await buffers.read(normed, tokens * hidden),
          expected: expected.normed,
          tolerance: TOLERANCE.f32,
        },
        {
          actual: gatherRows(await buffers.read(logits, tokens * stride), rows, stride, experts),
          expected: expected.logits,
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
    weightFormat: 'none',
    ceiling: 'bytes',
    build: (settings) => makeSampling(settings, { ...options, topK: 0, minP: 0 }),
  }
}

const SEED = 5

/** Always one row: tokens are sampled one at a time. */
async function makeSampling(
  settings: CaseSettings,
  options: Parameters<typeof sample_token>[1],
): Promise<KernelCase> {
  const { buffers, widths } = settings
  const { spec } = widths
  const { vocab } = spec
  const numbers = drawNumbers(vocab, 3).map((number) => 12 * number)
  const { dispatches } = sampleGraph({ spec, state: planState(spec, 1, 1).resources })
  const result = buffers.empty(64)
  const operands = { counts: buffers.empty(vocab), token: buffers.empty(1), result }
  return {
    shape: `1 × ${vocab}`,
    ...roundOver(
      copiesForRound(settings, vocab * 4, () => buffers.upload(numbers)),
      (adjusted) => withOperands(dispatches, 'sample_token', { ...operands, adjusted }),
    ),
    cost: { weightBytes: 0, plainBytes: vocab * 4, flops: 0 },
    step: { ...options, seed: SEED },
    async outputs() {
      const [id = -1] = new Uint32Array((await buffers.read(result, 1)).buffer)
      const expected = sample_token(Float64Array.from(numbers), options, SEED, 0)
      return [{ actual: [id], expected: [expected], tolerance: TOLERANCE.exact }]
    },
  }
}

/** The prefill dispatches of a dense layer, including norm and activation. */
function denseLayer(settings: CaseSettings): {
  dispatches: readonly Dispatch[]
  stride: number
  upAt: number
} {
  const { buffers, tokens, widths } = settings
  const { spec, dense: layer } = widths
  const unused = buffers.empty(16)
  const up = layoutOnly('bf16', [layer.inner, layer.inner], spec.hidden, unused)
  const tensors: DenseTensors<GpuMatrix, GpuVector> = {
    kind: 'dense',
    norm: { buffer: unused.buffer, length: spec.hidden },
    up,
    down: layoutOnly('bf16', [spec.hidden], layer.inner, unused),
  }
  const dispatches = recordDispatches(settings, 'prefill', (context) => {
    const x = context.graph.activation('x', 'f32', tokens, spec.hidden)
    dense(context, spec, tensors, layer.inner, x)
  })
  return { dispatches, stride: up.rows, upAt: up.starts[1] ?? 0 }
}

async function makeNorm(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hidden, epsilon } = widths.spec
  const numbers = drawNumbers(tokens * hidden, 3)
  const weight = drawNumbers(hidden, 4)
  const y = buffers.empty(tokens * hidden)
  const { dispatches } = denseLayer(settings)
  const operands = { weight: buffers.upload(weight), y }
  return {
    shape: `${tokens} × ${hidden}`,
    ...roundOver(
      copiesForRound(settings, numbers.byteLength, () => buffers.upload(numbers)),
      (x) => withOperands(dispatches, 'rms_norm', { ...operands, x }),
    ),
    cost: { weightBytes: 0, plainBytes: numbers.byteLength, flops: 4 * tokens * hidden },
    step: { tokens },
    async outputs() {
      const rows = sampleRows(tokens, 8)
      const expected = rms_norm(gatherRows(numbers, rows, hidden), Float64Array.from(weight), epsilon)
      const actual = gatherRows(await buffers.read(y, tokens * hidden), rows, hidden)
      return [{ actual, expected, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}

async function makeSwiglu(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { inner } = widths.dense
  const { dispatches, stride, upAt } = denseLayer(settings)
  const numbers = drawNumbers(tokens * stride, 3).map((number) => 4 * number)
  const y = buffers.empty(tokens * inner)
  return {
    shape: `${tokens} × 2 · ${inner}`,
    ...roundOver(
      copiesForRound(settings, numbers.byteLength, () => buffers.upload(numbers)),
      (x) => withOperands(dispatches, 'swiglu', { x, y }),
    ),
    cost: { weightBytes: 0, plainBytes: 2 * tokens * inner * 4, flops: 0 },
    step: { tokens },
    async outputs() {
      const rows = sampleRows(tokens, 8)
      const expected = swiglu(gatherRows(numbers, rows, stride), stride, upAt, inner)
      const actual = gatherRows(await buffers.read(y, tokens * inner), rows, inner)
      return [{ actual, expected, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}
