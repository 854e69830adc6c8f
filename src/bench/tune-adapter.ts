// Answers: what is measured when an adapter is tuned, and under which name is that worth keeping? A model that is named, at its own sizes, or two layers
// of V2-Lite's. It must not know where winners are kept.
import sources from 'virtual:shaders'
import { rate } from '../engine/choices.ts'
import { plannedRecorder } from '../engine/footprint.ts'
import { specOf, subjectOf } from '../engine/model-plan.ts'
import { CHUNKS, tuningKey, type Winners } from '../engine/tuned.ts'
import type { ModelOptions } from '../engine/types.ts'
import { withVariants } from '../engine/variants.ts'
import { type Device, type DeviceOptions, openDevice, readDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { storedTensors } from '../models/names.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import { openMemory } from '../weights/memory.ts'
import type { Source } from '../weights/source.ts'
import { V2_LITE } from './kernels/model.ts'
import type { Clock } from './kernels/run.ts'
import type { Planned } from './prefill-layer.ts'
import { type TuneOptions, tune } from './tune.ts'
import { tuneChunk } from './tune-chunk.ts'

export interface TuneAdapterOptions extends TuneOptions, ModelOptions {
  /** Where WebGPU comes from; default: `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  /** The folder of a model, whose sizes and formats are taken; its weights are not read. Default: V2-Lite's sizes, in every format with variants. */
  readonly source?: Source
  readonly clock?: Clock
}

/** What was found quickest on an adapter. */
export interface AdapterTuning {
  readonly adapter: string
  /** Under which `loadEngine` asks for the winners (`tuned`). */
  readonly key: string
  /** Variants other than the default ones, and a chunk if it is another; none where the defaults are the quickest. */
  readonly winners: Winners
}

/** Opens an adapter and measures on it; some seconds on a GPU. Throws as `openDevice`, `tune` and, with a source, `plan` do. */
export async function tuneAdapter(options: TuneAdapterOptions = {}): Promise<AdapterTuning> {
  const device = await openDevice(options.gpu ?? globalThis.navigator?.gpu, options.device)
  try {
    const bench = { device, pipelines: new PipelineCache(device, sources), clock: options.clock }
    const models = await modelsOf(device, options)
    const recorders = models.map((each) =>
      plannedRecorder(each.spec, each.plan, device.capabilities, each.options),
    )
    const variants = await tune(bench, recorders, options)
    const { capabilities } = withVariants(device, variants)
    const chunk = await tuneChunk(bench, models, capabilities, options)
    const winners = { ...variants, ...(chunk !== CHUNKS[0] && { chunk }) }
    return { adapter: device.adapter, key: tuningKey(device), winners }
  } finally {
    device.destroy()
  }
}

/** The key of an adapter that nothing is measured on; undefined without one. */
export async function tuningKeyOf({
  gpu,
  device,
}: Pick<TuneAdapterOptions, 'gpu' | 'device'> = {}): Promise<string | undefined> {
  const facts = await readDevice(gpu ?? globalThis.navigator?.gpu, device)
  return facts && tuningKey(facts)
}

async function modelsOf(device: Device, options: TuneAdapterOptions): Promise<Planned[]> {
  if (!options.source)
    return (['fp8', 'q8', 'q4'] as const).map((quantize) =>
      plannedModel(V2_LITE.spec, emptyCheckpoint(V2_LITE.spec), device, { ...options, quantize }),
    )
  const checkpoint = await openCheckpoint(options.source, options.signal)
  return [plannedModel(specOf(checkpoint.config), checkpoint, device, options)]
}

function plannedModel(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  device: Device,
  options: ModelOptions,
): Planned {
  const subject = subjectOf(spec, checkpoint, device.capabilities, options)
  const { quantize = 'none' } = options
  const { plan } = rate(subject, quantize === 'auto' ? 'none' : quantize)
  return { spec, plan, options: subject.options }
}

/** The headers of such a model, with no bytes behind them. */
function emptyCheckpoint(spec: ModelSpec): Checkpoint {
  const tensors = storedTensors(spec).map(({ name, shape }) => {
    const bytes = 2 * shape.reduce((product, each) => product * each, 1)
    return [name, { name, shape, dtype: 'BF16', file: '', start: 0, end: bytes }] as const
  })
  return {
    source: openMemory({}),
    config: {},
    generationConfig: undefined,
    tensors: new Map(tensors),
    files: [],
  }
}
