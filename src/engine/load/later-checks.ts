// Checks kernels that a load neither compiles nor runs: those of other cache layouts, and log-probabilities.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { linearDecode } from '../../kernels/linear.ts'
import { HadalError } from '../../lib/error.ts'
import type { CacheKind } from '../../models/cache-layout.ts'
import { checkCache } from '../../models/check-attention.ts'
import { type DispatchRecorder, selfTest } from '../check/self-test.ts'
import { batchDispatches } from '../run/batch-graph.ts'
import { draftDispatches } from '../run/draft-layer.ts'
import type { Runtime } from '../run/runtime.ts'
import { logprobsRecorder, stepRecorder, unboundInputs } from './footprint.ts'

/** Each check runs once. All throw `internal` for a kernel that the device miscalculates. */
export class LaterChecks {
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #model: Pick<Runtime, 'spec' | 'tensors' | 'options'>
  readonly #done = new Map<string, Promise<void>>()

  constructor(
    device: Device,
    pipelines: PipelineCache,
    model: Pick<Runtime, 'spec' | 'tensors' | 'options'>,
  ) {
    this.#device = device
    this.#pipelines = pipelines
    this.#model = model
  }

  /** Checks the kernels of a session with another cache layout. Throws also what `checkCache` throws. */
  async cache(kind: CacheKind): Promise<void> {
    const { spec, tensors, options } = this.#model
    checkCache(spec.attention, kind)
    const withCache = { ...options, cache: { ...options.cache, kind } }
    return this.#once(kind, stepRecorder(spec, tensors, this.#device.capabilities, withCache))
  }

  /** Checks the kernels of drafts: those of a draft layer, and products of several rows with weights. */
  async drafts(): Promise<void> {
    const { spec, tensors, options } = this.#model
    const { capabilities } = this.#device
    return this.#once('drafts', (variants) => {
      const inputs = unboundInputs(spec, tensors, { ...capabilities, variants }, options)
      const rows = [2, 4].flatMap((count) => batchDispatches(inputs, count))
      return [
        ...rows.filter(({ kernel }) => kernel.name === linearDecode.name),
        ...(spec.draft ? draftDispatches(inputs) : []),
      ]
    })
  }

  /** Checks top_logprobs. */
  async logprobs(): Promise<void> {
    return this.#once('logprobs', logprobsRecorder(this.#model.spec))
  }

  #once(name: string, record: DispatchRecorder): Promise<void> {
    const known = this.#done.get(name)
    if (known) return known
    const checking = this.#check(record)
    this.#done.set(name, checking)
    checking.catch(() => this.#done.delete(name))
    return checking
  }

  async #check(record: DispatchRecorder): Promise<void> {
    const { failed } = await selfTest(this.#device, this.#pipelines, record)
    const [first] = failed
    if (!first) return
    // The other programs already use this variant, so it cannot be replaced any more.
    const { kernel, decision, variant } = first
    throw new HadalError(
      'internal',
      `${this.#device.adapter} miscalculates ${kernel} with ${decision} ${variant}.`,
      { hint: 'Use the cache that the model was loaded with, or update the graphics driver.' },
    )
  }
}
