// Answers: which activations may share a buffer? A plan from lifetimes alone; pure, no GPU.
// It must not know what the activations mean.
import { HadalError } from '../lib/error.ts'
import type { Activation, Dispatch, Operand } from './graph.ts'

/** Which buffer, by number, each activation lives in, and how large each buffer is. */
export interface MemoryPlan {
  readonly slots: ReadonlyMap<Activation, number>
  readonly bytes: readonly number[]
}

/**
 * Gives activations whose lives do not overlap the same buffer. Only activations of equal type, rows, columns and stride share: the zero
 * padding behind each row then stays zero, and an id is never read as a float.
 * A loop's dispatches count as alive together, since its end leads back to its start.
 * Throws `unsupported` for an activation that no binding of `maxBindingBytes` can hold.
 */
export function planMemory(dispatches: readonly Dispatch[], maxBindingBytes: number): MemoryPlan {
  const lives = lifetimes(dispatches)
  const slots = new Map<Activation, number>()
  const bytes: number[] = []
  const free = new Map<string, number[]>()
  const ends = [...lives].sort((a, b) => a[1].last - b[1].last)
  for (const [activation, { first }] of [...lives].sort((a, b) => a[1].first - b[1].first)) {
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
    `"${name}", ${rows} × ${cols}, takes ${bytes} bytes in one binding; this device allows ${maxBindingBytes}.`,
    { hint: 'Choose a smaller chunk, or a device with larger storage buffer bindings.' },
  )
}

interface Life {
  first: number
  last: number
}

function lifetimes(dispatches: readonly Dispatch[]): Map<Activation, Life> {
  const spans = loopSpans(dispatches)
  const lives = new Map<Activation, Life>()
  dispatches.forEach((dispatch, index) => {
    const span = spans.get(dispatch.loop) ?? { first: index, last: index }
    for (const activation of Object.values(dispatch.operands).map(activationOf)) {
      if (!activation || activation.home) continue
      const life = lives.get(activation)
      lives.set(activation, { first: Math.min(life?.first ?? span.first, span.first), last: span.last })
    }
  })
  return lives
}

function loopSpans(dispatches: readonly Dispatch[]): Map<number, Life> {
  const spans = new Map<number, Life>()
  dispatches.forEach(({ loop }, index) => {
    if (loop !== 0) spans.set(loop, { first: spans.get(loop)?.first ?? index, last: index })
  })
  return spans
}

/** The activation behind an operand, if there is one. */
export function activationOf(operand: Operand): Activation | undefined {
  const base = operand.kind === 'view' ? operand.of : operand
  return base.kind === 'activation' ? base : undefined
}
