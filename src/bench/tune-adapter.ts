// Tunes an adapter: measures kernel variants and the prefill chunk at the sizes of a given model, or of two
// DeepSeek-V2-Lite layers, and returns the winners with the key to store them under.
import sources from 'virtual:shaders'
import { estimateQuantization } from '../engine/load/choose-quantization.ts'
import { plannedRecorder } from '../engine/load/footprint.ts'
import { specFromConfig, toLoadTarget } from '../engine/load/plan.ts'
import { QUANTIZATION_NAMES } from '../engine/load/quantization.ts'
import { shadersOnDemand } from '../engine/load/shaders-on-demand.ts'
import { PREFILL_CHUNKS, type TunedVariants, tuningKey } from '../engine/load/tuned-variants.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { withVariants } from '../engine/load/variant-notes.ts'
import type { ModelOptions } from '../engine/types.ts'
import { type Device, type DeviceOptions, openDevice, readDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { Notices } from '../lib/notices.ts'
import type { ModelSpec } from '../models/spec.ts'
import { listTensors } from '../models/tensor-names.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { openMemory } from '../weights/memory.ts'
import { tensorBytes } from '../weights/safetensors.ts'
import type { Source } from '../weights/source.ts'
import type { BenchClock } from './kernels/dispatch-timer.ts'
import { V2_LITE } from './kernels/model-widths.ts'
import type { TuningModel } from './prefill-layer.ts'
import { type TuneOptions, tune } from './tune.ts'
import { tuneChunk } from './tune-chunk.ts'

export interface TuneAdapterOptions extends TuneOptions, ModelOptions {
  /** Where WebGPU comes from; default: `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  /**
   * A model folder that gives sizes and formats; its weights are not read. Default: the sizes of V2-Lite in
   * every format that weights can be quantized to.
   */
  readonly source?: Source
  readonly clock?: BenchClock
}

/** The fastest settings found on an adapter. */
export interface AdapterTuning {
  readonly adapter: string
  /** The key under which `loadEngine` asks for the winners (`tuned`). */
  readonly key: string
  /**
   * Only what differs from the defaults: variants, and the prefill chunk. Empty where the defaults are
   * fastest.
   */
  readonly winners: TunedVariants
}

/**
 * Opens an adapter and measures on it, for some seconds on a GPU. Throws the errors of `openDevice`, `tune`
 * and, with a source, `plan`.
 */
export async function tuneAdapter(options: TuneAdapterOptions = {}): Promise<AdapterTuning> {
  const device = await openDevice(options.gpu ?? globalThis.navigator?.gpu, options.device)
  try {
    const bench = {
      device,
      pipelines: new PipelineCache(device, sources, shadersOnDemand),
      clock: options.clock,
    }
    const models = await modelsOf(device, options)
    const recorders = models.map((model) =>
      plannedRecorder(model.spec, model.plan, device.capabilities, model.options),
    )
    const variants = await tune(bench, recorders, options)
    const { capabilities } = withVariants(device, variants)
    const prefillChunk = await tuneChunk(bench, models, capabilities, options)
    const winners = { ...variants, ...(prefillChunk !== PREFILL_CHUNKS[0] && { prefillChunk }) }
    return { adapter: device.adapter, key: tuningKey(device), winners }
  } finally {
    device.destroy()
  }
}

/** The tuning key of an adapter, without measuring; undefined if there is no adapter. */
export async function tuningKeyOf({
  gpu,
  device,
}: Pick<TuneAdapterOptions, 'gpu' | 'device'> = {}): Promise<string | undefined> {
  const facts = await readDevice(gpu ?? globalThis.navigator?.gpu, device)
  return facts && tuningKey(facts)
}

async function modelsOf(device: Device, options: TuneAdapterOptions): Promise<TuningModel[]> {
  if (!options.source)
    return QUANTIZATION_NAMES.map((quantize) =>
      plannedModel(V2_LITE.spec, emptyCheckpoint(V2_LITE.spec), device, { ...options, quantize }),
    )
  const checkpoint = await openConfigured(options.source, options)
  return [plannedModel(specFromConfig(checkpoint), checkpoint, device, options)]
}

function plannedModel(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  device: Device,
  options: ModelOptions,
): TuningModel {
  const subject = toLoadTarget(spec, checkpoint, device.capabilities, options)
  const { quantize = 'none' } = options
  const { plan } = estimateQuantization(subject, quantize === 'auto' ? 'none' : quantize)
  return { spec, plan, options: subject.options }
}

/** The tensor headers of a BF16 checkpoint of this model, without data. */
export function emptyCheckpoint(spec: ModelSpec): Checkpoint {
  const tensors = listTensors(spec).map(({ name, shape }) => {
    const dtype = 'BF16'
    return [name, { name, shape, dtype, file: '', start: 0, end: tensorBytes(dtype, shape) }] as const
  })
  return {
    source: openMemory({}),
    config: {},
    generationConfig: undefined,
    tensors: new Map(tensors),
    promised: new Map(),
    files: [],
    notices: new Notices(),
  }
}
