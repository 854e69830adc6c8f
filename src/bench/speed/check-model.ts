// Checks a model before timing it: decode and prefill must give the same logits after the same tokens. The
// two timed programs share few kernels: decode uses absorbed attention and matvecs, prefill expanded
// attention and tiles.

import { computeLogits, decodeLogits } from '../../engine/run/logits.ts'
import { prefill } from '../../engine/run/prefill.ts'
import type { Runtime } from '../../engine/run/runtime.ts'
import { Session } from '../../engine/run/session.ts'
import type { Device } from '../../gpu/device.ts'
import { type MatmulPrecision, supportedPrecision } from '../../kernels/linear.ts'
import { HadalError } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { REPORT_HINT } from '../kernels/case.ts'
import { benchPrompt } from './prompt.ts'

export interface ModelCheck {
  /** Relative errors of the logits at some positions. */
  readonly positions: readonly PositionError[]
  readonly tolerance: number // for the median error
  readonly maxTolerance: number // for the largest error
}

interface PositionError {
  readonly position: number
  readonly error: number
}

/** Prompt lengths compared from an empty cache; prefill gives logits for the last row only. */
const PROMPT_LENGTHS = [1, 3, 6, 10]
const NEAR_TOKENS = 10
/**
 * Position in the second page, where decode splits attention. Prefill writes the cache before it for both.
 */
const FAR_POSITION = 70

/**
 * Allowed error from rounding prefill's matmul inputs, and from cache values that the two paths round
 * differently.
 */
const MATMUL_TOLERANCE: Readonly<Record<MatmulPrecision, number>> = { f32: 1e-4, f16: 1e-2, i8: 0.1 }
const CACHE_TOLERANCE = { f32: 0, f16: 2e-3, fp8: 0.1 } as const
/**
 * With near-equal router scores the two paths may choose different experts, so a few positions may differ
 * this much.
 */
const ROUTING_TOLERANCE = { near: 0.25, coarse: 1 } as const

function tolerances(
  { spec, options }: Runtime,
  device: Device,
): Pick<ModelCheck, 'tolerance' | 'maxTolerance'> {
  const { kind, kvDtype } = options.cache
  const cache = CACHE_TOLERANCE[kind === 'latent-fp8' ? 'fp8' : kvDtype]
  const tolerance = MATMUL_TOLERANCE[supportedPrecision(options.matmulPrecision, device.capabilities)] + cache
  const isRouted = spec.layers.some((layer) => layer.kind === 'mixture')
  return {
    tolerance,
    maxTolerance: isRouted ? ROUTING_TOLERANCE[tolerance < 0.1 ? 'near' : 'coarse'] : tolerance,
  }
}

/** Throws `internal` with the position if the median or the largest error exceeds its tolerance. */
export async function checkModel(device: Device, runtime: Runtime): Promise<ModelCheck> {
  const { spec, options } = runtime
  const ids = benchPrompt(Math.min(FAR_POSITION + 1, options.contextLength), spec.vocabSize)
  const near = Math.min(NEAR_TOKENS, ids.length)
  const decoded = await computeLogits(runtime, ids.slice(0, near), 'decode')
  const session = new Session(runtime.cache)
  const positions: PositionError[] = []
  const compare = async (position: number, logits: Float32Array) => {
    await prefill(runtime, session, ids.slice(0, position + 1))
    positions.push({ position, error: relativeError(logits, await runtime.readLogits()) })
  }
  try {
    await session.reserve(ids.length)
    runtime.writePageTable(session)
    for (const end of PROMPT_LENGTHS.filter((length) => length <= near))
      await compare(end - 1, decoded.subarray((end - 1) * spec.vocabSize, end * spec.vocabSize))
    const last = ids.length - 1
    await prefill(runtime, session, ids.slice(0, last))
    if (last >= near) await compare(last, await decodeLogits(runtime, ids[last] ?? 0, last))
  } finally {
    session.close()
  }
  return requireAgreement({ positions, ...tolerances(runtime, device) })
}

/** Returns the check if it passed. Throws `internal` with the worst position if it did not. */
export function requireAgreement(check: ModelCheck): ModelCheck {
  const { positions, tolerance, maxTolerance } = check
  const sorted = positions.toSorted((a, b) => sizeOf(b) - sizeOf(a))
  const [worst, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]]
  if (worst && median && worst.error <= maxTolerance && median.error <= tolerance) return check
  throw new HadalError(
    'internal',
    `Decode and prefill disagree at position ${worst?.position}: ` +
      `the relative error of the logits is ${worst?.error.toPrecision(2)}; ` +
      `the median may be ${tolerance.toPrecision(2)}, the largest ${maxTolerance.toPrecision(2)}.`,
    { hint: REPORT_HINT },
  )
}

const sizeOf = ({ error }: PositionError): number => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)
