// Benchmark cases of row-wise kernels: the router, RMS norm, SwiGLU and sampling.
import { planState } from '../../engine/run/state.ts'
import { sampleGraph } from '../../engine/run/step-graphs.ts'
import type { GpuMatrix, GpuVector } from '../../gpu/matrix.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import { denseMlp } from '../../models/mlp.ts'
import type { DenseTensors } from '../../models/tensors.ts'
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
import { moeDispatches } from './random-experts.ts'
import { randomMatrix, readRows } from './random-matrix.ts'

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
  const { hiddenSize, rmsNormEps } = widths.spec
  const { experts } = widths.mixture
  const stored = randomMatrix(format, [experts], hiddenSize, 7)
  const numbers = randomNumbers(tokens * hiddenSize, 3)
  const weight = randomNumbers(hiddenSize, 4)
  const normed = buffers.zeros(tokens * hiddenSize)
  const stride = padTo(experts, CHUNK)
  const logits = buffers.zeros(tokens * stride)
  // The expert kernels are not run, so any bank layout will do.
  const unused = buffers.zeros(16)
  const slot = { ...stored.layout, ...stored.part }
  const bank = { routed: slot, shared: undefined, banks: [unused.buffer], slots: unused.buffer }
  const dispatches = moeDispatches(settings, 'decode', bank)
  const operands = { x: buffers.upload(numbers), norm: buffers.upload(weight), normed, logits }
  return {
    shape: `${tokens} × ${hiddenSize} → ${experts}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'route_logits', { ...operands, weights }),
    ),
    cost: { weightBytes: stored.part.bytes, plainBytes: 0, flops: 2 * tokens * hiddenSize * experts },
    step: { tokens },
    async outputs() {
      const [x, norm] = [Float64Array.from(numbers), Float64Array.from(weight)]
      const expected = route_logits(x, norm, readRows(stored, 0, experts), rmsNormEps)
      const rows = sampleRows(tokens, tokens)
      return [
        {
          actual: await buffers.read(normed, tokens * hiddenSize),
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
  const { vocabSize } = spec
  const numbers = randomNumbers(vocabSize, 3).map((number) => 12 * number)
  const { dispatches } = sampleGraph({ spec, state: planState(spec, 1, 1).resources })
  const result = buffers.zeros(64)
  const operands = { counts: buffers.zeros(vocabSize), token: buffers.zeros(1), result }
  return {
    shape: `1 × ${vocabSize}`,
    ...roundOver(
      copiesForRound(settings, vocabSize * 4, () => buffers.upload(numbers)),
      (adjusted) => withOperands(dispatches, 'sample_token', { ...operands, adjusted }),
    ),
    cost: { weightBytes: 0, plainBytes: vocabSize * 4, flops: 0 },
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
  const unused = buffers.zeros(16)
  const gateUp = layoutOnly('bf16', [layer.intermediateSize, layer.intermediateSize], spec.hiddenSize, unused)
  const tensors: DenseTensors<GpuMatrix, GpuVector> = {
    kind: 'dense',
    postAttentionNorm: { buffer: unused.buffer, length: spec.hiddenSize },
    gateUp,
    down: layoutOnly('bf16', [spec.hiddenSize], layer.intermediateSize, unused),
  }
  const dispatches = recordDispatches(settings, 'prefill', (context) => {
    const x = context.graph.activation('x', [tokens, spec.hiddenSize])
    denseMlp(context, spec, { ...layer, tensors }, x)
  })
  return { dispatches, stride: gateUp.rows, upAt: gateUp.starts[1] ?? 0 }
}

async function makeNorm(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { hiddenSize, rmsNormEps } = widths.spec
  const numbers = randomNumbers(tokens * hiddenSize, 3)
  const weight = randomNumbers(hiddenSize, 4)
  const y = buffers.zeros(tokens * hiddenSize)
  const { dispatches } = denseLayer(settings)
  const operands = { weight: buffers.upload(weight), y }
  return {
    shape: `${tokens} × ${hiddenSize}`,
    ...roundOver(
      copiesForRound(settings, numbers.byteLength, () => buffers.upload(numbers)),
      (x) => withOperands(dispatches, 'rms_norm', { ...operands, x }),
    ),
    cost: { weightBytes: 0, plainBytes: numbers.byteLength, flops: 4 * tokens * hiddenSize },
    step: { tokens },
    async outputs() {
      const rows = sampleRows(tokens, 8)
      const expected = rms_norm(gatherRows(numbers, rows, hiddenSize), Float64Array.from(weight), rmsNormEps)
      const actual = gatherRows(await buffers.read(y, tokens * hiddenSize), rows, hiddenSize)
      return [{ actual, expected, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}

async function makeSwiglu(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const { intermediateSize } = widths.dense
  const { dispatches, stride, upAt } = denseLayer(settings)
  const numbers = randomNumbers(tokens * stride, 3).map((number) => 4 * number)
  const y = buffers.zeros(tokens * intermediateSize)
  return {
    shape: `${tokens} × 2 · ${intermediateSize}`,
    ...roundOver(
      copiesForRound(settings, numbers.byteLength, () => buffers.upload(numbers)),
      (x) => withOperands(dispatches, 'swiglu', { x, y }),
    ),
    cost: { weightBytes: 0, plainBytes: 2 * tokens * intermediateSize * 4, flops: 0 },
    step: { tokens },
    async outputs() {
      const rows = sampleRows(tokens, 8)
      const expected = swiglu(gatherRows(numbers, rows, stride), stride, upAt, intermediateSize)
      const actual = gatherRows(await buffers.read(y, tokens * intermediateSize), rows, intermediateSize)
      return [{ actual, expected, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}
