// Answers: how does decoding run when nobody looks at the text? Steps in flight as in an answer, what encoding them cost, what they read.
// It must not know how a time is judged.
import type { GpuModel } from '../../engine/prepare.ts'
import { DEPTH, type Runtime } from '../../engine/runtime.ts'
import { Session } from '../../engine/session.ts'
import type { Format } from '../../gpu/matrix.ts'
import { PLAIN_STEP } from '../../kernels/step.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { mapTensors } from '../../models/tensors.ts'

/** Runs decode steps again and again at the same context. */
export interface Decoder {
  /** Runs `steps` steps and waits for their tokens; milliseconds of JavaScript that encoding and submitting them took. */
  run(steps: number): Promise<number>
  /** Submits one step; the function returned waits for its token and is called before the next but two. */
  submit(): () => Promise<unknown>
  readonly dispatches: number // of a step
  /** Bytes of weights that a step reads, by the format they are stored in; the router's choice does not change them. */
  readonly activeBytes: Readonly<Partial<Record<Format, number>>>
  close(): void
}

/** Reserves room for `context` tokens, whose content does not matter, and one more. */
export async function openDecoder(runtime: Runtime, context: number): Promise<Decoder> {
  const session = new Session(runtime.cache)
  await session.reserve(context + 1)
  runtime.writePages(session)
  await runtime.reportLogprobs(false)
  const submit = () => runtime.decode(context, PLAIN_STEP)
  const run = async (steps: number) => {
    const pending: (() => Promise<ArrayBuffer>)[] = []
    let encodeMs = 0
    for (let step = 0; step < steps; step++) {
      const started = performance.now()
      pending.push(submit())
      encodeMs += performance.now() - started
      if (pending.length === DEPTH) await pending.shift()?.()
    }
    for (const read of pending) await read()
    return encodeMs
  }
  await run(1)
  return {
    run,
    submit,
    dispatches: runtime.dispatches,
    activeBytes: activeBytes(runtime.spec, runtime.tensors),
    close: () => session.close(),
  }
}

/** What a step of one token reads of the weights: everything but the embedding and the experts that were not chosen. */
export function activeBytes(spec: ModelSpec, model: GpuModel): Partial<Record<Format, number>> {
  const sums: Partial<Record<Format, number>> = {}
  const add = (format: Format, bytes: number) => {
    sums[format] = (sums[format] ?? 0) + bytes
  }
  const mixture = spec.layers.find((layer) => layer.kind === 'mixture')
  mapTensors(model, {
    matrix: ({ format, parts }, role) => {
      const skipped = role === 'embedding' && model.head !== undefined
      if (!skipped) for (const { bytes } of parts) add(format, bytes)
    },
    vector: ({ length }) => add('f32', length * 4),
    bank: ({ routed, shared }) => {
      add(routed.format, routed.bytes * (mixture?.active ?? 0) + (shared?.bytes ?? 0))
    },
  })
  return sums
}
