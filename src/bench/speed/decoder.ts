// Runs decode steps without using their text, with as many steps in flight as an answer has.

import { type Runtime, STEPS_IN_FLIGHT } from '../../engine/run/runtime.ts'
import { Session } from '../../engine/run/session.ts'
import type { StorageFormat } from '../../gpu/formats.ts'
import { PLAIN_STEP } from '../../kernels/step.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { GpuModel } from '../../models/tensors.ts'
import { mapTensors } from '../../models/tensors.ts'

/** Repeats decode steps at the same context. */
export interface DecodeRunner {
  /**
   * Runs `steps` steps and waits for their tokens; returns the milliseconds spent encoding and submitting.
   */
  run(steps: number): Promise<number>
  /**
   * Submits one step; resolves when its token arrives. At most STEPS_IN_FLIGHT steps may be unfinished.
   */
  submit(): Promise<unknown>
  readonly dispatches: number // per step
  /** Bytes of weights that a step reads, by format; independent of which experts the router chooses. */
  readonly activeBytes: Readonly<Partial<Record<StorageFormat, number>>>
  close(): void
}

/** Reserves cache pages for `context` tokens of arbitrary content and one more. */
export async function openDecoder(runtime: Runtime, context: number): Promise<DecodeRunner> {
  const session = new Session(runtime.cache)
  await session.reserve(context + 1)
  runtime.writePageTable(session)
  await runtime.reportLogprobs(false)
  const submit = () => runtime.decode(context, PLAIN_STEP)
  const run = async (steps: number) => {
    const pending: Promise<ArrayBuffer>[] = []
    let encodeMs = 0
    for (let step = 0; step < steps; step++) {
      const started = performance.now()
      pending.push(submit())
      encodeMs += performance.now() - started
      if (pending.length === STEPS_IN_FLIGHT) await pending.shift()
    }
    await Promise.all(pending)
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

/** Weight bytes that one token reads, by format: all but the embedding and the experts not chosen. */
export function activeBytes(spec: ModelSpec, model: GpuModel): Partial<Record<StorageFormat, number>> {
  const sums: Partial<Record<StorageFormat, number>> = {}
  const add = (format: StorageFormat, bytes: number) => {
    sums[format] = (sums[format] ?? 0) + bytes
  }
  const mixture = spec.layers.find((layer) => layer.kind === 'mixture')
  mapTensors(model, {
    matrix: ({ format, parts }, role) => {
      const isSkipped = role === 'embedding' && model.lmHead !== undefined
      if (!isSkipped) for (const { bytes } of parts) add(format, bytes)
    },
    vector: ({ length }) => add('f32', length * 4),
    bank: ({ routed, shared }) => {
      add(routed.format, routed.bytes * (mixture?.expertsPerToken ?? 0) + (shared?.bytes ?? 0))
    },
  })
  return sums
}
