// Answers: does a model compute rightly here, so that its times are worth something? The logits after the same ids by the two programs that are
// timed and share few kernels: decode (absorbed attention, rows side by side) and prefill (expanded attention, tiles).
// It must not know how anything is timed.
import { prefill } from '../../engine/generate.ts'
import { decodeOne, logitsOf } from '../../engine/logits.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { Session } from '../../engine/session.ts'
import type { Device } from '../../gpu/device.ts'
import { type Factors, factorsOf } from '../../kernels/linear.ts'
import { HadalError } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { promptOf } from './prompt.ts'

export interface ModelProof {
  /** Relative errors of the logits after some tokens. */
  readonly positions: readonly PositionError[]
  readonly tolerance: number // of most of them
  readonly most: number // of any of them
}

interface PositionError {
  readonly position: number
  readonly error: number
}

/** Tokens after which steps of prefill end, from an empty cache: the last row of each has logits. */
const ENDS = [1, 3, 6, 10]
const NEAR = 10
/** Beyond a page, where decode splits attention. What comes before it is written by prefill for both. */
const FAR = 70

/** What is let pass: rounded inputs of prefill's products, and numbers of the cache that the two ways round to either side. */
const OF_PRODUCTS: Readonly<Record<Factors, number>> = { f32: 1e-4, f16: 1e-2, i8: 0.1 }
const OF_CACHE = { f32: 0, f16: 2e-3, fp8: 0.1 } as const
/** A router that is undecided between two experts may take either, and those are different numbers: so few positions may be off by so much. */
const ROUTED = { near: 0.25, coarse: 1 } as const

function bounds({ spec, options }: Runtime, device: Device): Pick<ModelProof, 'tolerance' | 'most'> {
  const { kind, numbers } = options.cache
  const cache = OF_CACHE[kind === 'latent-fp8' ? 'fp8' : numbers]
  const tolerance = OF_PRODUCTS[factorsOf(options.products, device.capabilities)] + cache
  const routed = spec.layers.some((layer) => layer.kind === 'mixture')
  return { tolerance, most: routed ? ROUTED[tolerance < 0.1 ? 'near' : 'coarse'] : tolerance }
}

/** Throws `internal`, naming the position, where most positions or one of them by much are further apart than rounding explains. */
export async function proveModel(device: Device, runtime: Runtime): Promise<ModelProof> {
  const { spec, options } = runtime
  const ids = promptOf(Math.min(FAR + 1, options.contextLength), spec.vocab)
  const near = Math.min(NEAR, ids.length)
  const decoded = await logitsOf(runtime, ids.slice(0, near), 'decode')
  const session = new Session(runtime.cache)
  const positions: PositionError[] = []
  const compare = async (position: number, logits: Float32Array) => {
    await prefill(runtime, session, ids.slice(0, position + 1))
    positions.push({ position, error: relativeError(logits, await runtime.readLogits()) })
  }
  try {
    await session.reserve(ids.length)
    runtime.writePages(session)
    for (const end of ENDS.filter((each) => each <= near))
      await compare(end - 1, decoded.subarray((end - 1) * spec.vocab, end * spec.vocab))
    const last = ids.length - 1
    await prefill(runtime, session, ids.slice(0, last))
    if (last >= near) await compare(last, await decodeOne(runtime, ids[last] ?? 0, last))
  } finally {
    session.close()
  }
  return judged({ positions, ...bounds(runtime, device) })
}

export function judged(proof: ModelProof): ModelProof {
  const { positions, tolerance, most } = proof
  const sorted = positions.toSorted((a, b) => sizeOf(b) - sizeOf(a))
  const [worst, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]]
  if (worst && median && worst.error <= most && median.error <= tolerance) return proof
  throw new HadalError(
    'internal',
    `Decode and prefill disagree about position ${worst?.position}: the relative error of the logits is ${worst?.error.toPrecision(2)}; ${tolerance.toPrecision(2)} is right for most positions, ${most.toPrecision(2)} for any.`,
    { hint: 'Please report this with the name of the adapter and its driver.' },
  )
}

const sizeOf = ({ error }: PositionError): number => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)
