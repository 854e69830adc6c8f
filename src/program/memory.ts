// Memory plan of a program: activations with disjoint lifetimes share a buffer.
import { HadalError } from '../lib/error.ts'
import type { Activation, Dispatch, KernelOperand } from './graph.ts'

interface MemoryPlan {
  /** The buffer of each activation, as an index into `bytes`. */
  readonly slots: ReadonlyMap<Activation, number>
  /** Size of each buffer. */
  readonly bytes: readonly number[]
}

/**
 * Assigns one buffer to activations whose lifetimes do not overlap. Only activations of equal type, rows,
 * columns and stride share: the zero padding after each row then stays zero, and an id is never read as a
 * float. What a loop uses lives through the whole loop, because every round uses it again.
 *
 * Throws `unsupported` for an activation that no binding of `maxBindingBytes` can hold.
 */
export function planMemory(dispatches: readonly Dispatch[], maxBindingBytes: number): MemoryPlan {
  const lifetimes = lifetimesOf(dispatches)
  const slots = new Map<Activation, number>()
  const bytes: number[] = []
  const free = new Map<string, number[]>()
  const ends = [...lifetimes].sort((a, b) => a[1].last - b[1].last)
  for (const [activation, { first }] of [...lifetimes].sort((a, b) => a[1].first - b[1].first)) {
    while (ends[0] && ends[0][1].last < first) {
      const [ended] = ends.shift() ?? []
      const slot = ended && slots.get(ended)
      if (ended && slot !== undefined) free.set(shapeOf(ended), [...(free.get(shapeOf(ended)) ?? []), slot])
    }
    const reused = free.get(shapeOf(activation))?.pop()
    slots.set(activation, reused ?? bytes.push(bytesOf(activation, maxBindingBytes)) - 1)
  }
  return { slots, bytes }
}

const shapeOf = ({ type, rows, cols, stride }: Activation): string => [type, rows, cols, stride].join()

function bytesOf({ name, rows, cols, stride }: Activation, maxBindingBytes: number): number {
  const bytes = rows * stride * 4
  if (bytes <= maxBindingBytes) return bytes
  throw new HadalError(
    'unsupported',
    `The activation "${name}", ${rows} × ${cols}, takes ${bytes} bytes in one binding; ` +
      `this device allows ${maxBindingBytes}.`,
    { hint: 'Choose a smaller prefill chunk, or a device with larger storage buffer bindings.' },
  )
}

/** Indices of the first and last dispatch that use an activation. */
interface Lifetime {
  first: number
  last: number
}

function lifetimesOf(dispatches: readonly Dispatch[]): Map<Activation, Lifetime> {
  const spans = loopSpans(dispatches)
  const lifetimes = new Map<Activation, Lifetime>()
  dispatches.forEach((dispatch, index) => {
    const span = spans.get(dispatch.loop) ?? { first: index, last: index }
    for (const activation of Object.values(dispatch.operands).map(activationOf)) {
      if (!activation || activation.ownBuffer) continue
      const first = lifetimes.get(activation)?.first ?? span.first
      lifetimes.set(activation, { first: Math.min(first, span.first), last: span.last })
    }
  })
  return lifetimes
}

function loopSpans(dispatches: readonly Dispatch[]): Map<number, Lifetime> {
  const spans = new Map<number, Lifetime>()
  dispatches.forEach(({ loop }, index) => {
    if (loop !== 0) spans.set(loop, { first: spans.get(loop)?.first ?? index, last: index })
  })
  return spans
}

/** The activation behind an operand, if there is one. */
function activationOf(operand: KernelOperand): Activation | undefined {
  const base = operand.kind === 'view' ? operand.of : operand
  return base.kind === 'activation' ? base : undefined
}
