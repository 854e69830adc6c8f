// Plans a model from its config, index and headers: support, memory, download size. It reads no weights.
import { type Device, noAdapter, readCapabilities } from '../../gpu/device.ts'
import { type Capabilities, GUARANTEED } from '../../gpu/limits.ts'
import type { HadalError } from '../../lib/error.ts'
import { totalRangeBytes } from '../../lib/format.ts'
import { isJsonObject } from '../../lib/json.ts'
import { memoryRange } from '../../lib/memory-range.ts'
import type { Notices } from '../../lib/notices.ts'
import { kvBytesPerToken } from '../../models/cache-layout.ts'
import { checkAttention } from '../../models/check-attention.ts'
import { describeModel } from '../../models/describe.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { Source } from '../../weights/source.ts'
import { countParameters, countStoredParameters, firstMoeLayer, modelName } from '../model-info.ts'
import { plannedContextLength, runtimeOptions } from '../options.ts'
import { kvCacheSizes, PAGE_TOKENS } from '../run/kv-cache.ts'
import type { LoadPlan, ModelOptions, PlannedMemory, PlannedModel, UnsupportedFeature } from '../types.ts'
import {
  bestEstimate,
  estimateAll,
  ifSupported,
  type LoadRequest,
  type QuantEstimate,
  selectEstimate,
} from './choose-quantization.ts'
import { withDraftLayer } from './draft-layer.ts'
import type { ReadableCheckpoint } from './integer-readers.ts'
import { plannedWeights } from './planned-weights.ts'
import type { QuantizeChoice } from './quantization.ts'
import { requiredTensors } from './required-tensors.ts'
import { resolveTensors } from './resolve-tensors.ts'
import { openConfigured } from './user-config.ts'
import { planWeights, type WeightPlan } from './weight-plan.ts'

export interface EnginePlanOptions extends ModelOptions {
  /** An open device, such as `engine.device`. */
  readonly device?: Pick<Device, 'capabilities'>
  /**
   * Limits of a device that is not open. Without `device` and `limits`, those of `navigator.gpu`; where that
   * has no adapter, the plan says so and has the limits that every WebGPU device guarantees.
   */
  readonly limits?: Partial<Capabilities>
  readonly signal?: AbortSignal
}

/**
 * Plans the model in `source` as `loadEngine` would load it with the same options, apart from tuned variants.
 * Features that this version does not support are listed in `unsupported`. Broken and hostile files and
 * invalid options throw a `HadalError`.
 */
export async function plan(source: Source, options: EnginePlanOptions = {}): Promise<LoadPlan> {
  const checkpoint = await openConfigured(source, options)
  const capabilities = await capabilitiesOf(options)
  const planned = await planCheckpoint(checkpoint, capabilities ?? GUARANTEED, options)
  if (capabilities) return planned
  const { message, hint } = noAdapter()
  const unsupported = [...planned.unsupported, { what: message, where: '', hint }]
  return { ...planned, unsupported, fits: false }
}

/** As `plan`, for a checkpoint whose headers are read and a device with these capabilities. */
export async function planCheckpoint(
  checkpoint: ReadableCheckpoint,
  capabilities: Capabilities,
  options: Omit<EnginePlanOptions, 'device' | 'limits'>,
): Promise<LoadPlan> {
  const unsupported = await missingTokenizer(checkpoint.source, options.signal)
  const note = ({ file, tensor, message, hint }: HadalError) => {
    const where = [file, tensor].filter(Boolean).join(': ')
    unsupported.push({ what: message, where, hint })
  }
  const spec = ifSupported(() => specFromConfig(checkpoint, checkpoint.notices), note)
  const files = describeFiles(checkpoint)
  if (!spec) {
    const notices = checkpoint.notices.texts
    return { ...files, unsupported, notices, fits: 'unknown', choices: [] }
  }
  const target = toLoadTarget(spec, checkpoint, capabilities, options)
  const all = estimateAll(target)
  const auto = bestEstimate(all, target.memory)
  const selected = ifSupported(() => selectEstimate(target, all, options.quantize), note)
  const { parameters, activeParameters } = countParameters(spec)
  return {
    ...files,
    parameters,
    ...(selected && {
      downloadBytes: totalRangeBytes(requiredTensors(selected.plan)),
      gpu: memoryOf(target, selected),
      weights: plannedWeights(selected.plan),
    }),
    unsupported,
    notices: checkpoint.notices.texts,
    model: { ...modelOf(target), activeParameters },
    fits: selected?.fits ?? false,
    choices: all.map(({ quantize, bytes, fits }) => ({ quantize, totalBytes: bytes.total, fits })),
    ...(auto && { auto: auto.quantize }),
  }
}

/** config.json → spec of a model that the kernels support. Throws `bad_config` or `unsupported`. */
export function specFromConfig(
  { config, integers, embedding }: Pick<ReadableCheckpoint, 'config' | 'integers' | 'embedding'>,
  notices?: Notices,
): ModelSpec {
  const spec = describeModel(config, notices, integers?.INTEGER_METHODS)
  checkAttention(spec.attention)
  return embedding?.withoutHead(spec, notices) ?? spec
}

/** A checkpoint with its weights planned in the formats that loading gives them. */
export interface PlannedModelWeights {
  readonly checkpoint: ReadableCheckpoint
  readonly spec: ModelSpec
  readonly plan: WeightPlan
}

const UNLIMITED = {
  maxBindingBytes: Number.POSITIVE_INFINITY,
  maxBufferBytes: Number.POSITIVE_INFINITY,
} as const

/**
 * Plans the weights of a model that is stored or written rather than loaded: no binding limits them. Throws
 * what `specFromConfig` and `planWeights` throw.
 */
export function planUnlimited(
  checkpoint: ReadableCheckpoint,
  quantize?: QuantizeChoice,
): PlannedModelWeights {
  const spec = specFromConfig(checkpoint, checkpoint.notices)
  return { checkpoint, spec, plan: planWeights(spec, resolveTensors(spec, checkpoint), UNLIMITED, quantize) }
}

/**
 * Combines a model with the device, the resolved options and the tensors under the model's own names. Throws
 * `bad_request` for invalid options, and what `resolveTensors` throws.
 */
export function toLoadTarget(
  described: ModelSpec,
  checkpoint: ReadableCheckpoint,
  capabilities: Capabilities,
  options: ModelOptions,
): LoadRequest {
  const spec = withDraftLayer(described, checkpoint, options)
  const runtime = runtimeOptions(spec, options)
  const { maxPages } = kvCacheSizes(spec, runtime.cache, capabilities)
  const plannedTokens = Math.min(plannedContextLength(spec, options), maxPages * PAGE_TOKENS)
  const memory = memoryRange(options.memoryBytes)
  const resolved = resolveTensors(spec, checkpoint)
  return { spec, checkpoint: resolved, capabilities, options: runtime, plannedTokens, memory }
}

async function capabilitiesOf({ device, limits }: EnginePlanOptions): Promise<Capabilities | undefined> {
  if (device) return device.capabilities
  if (limits) return { ...GUARANTEED, ...limits }
  return readCapabilities(globalThis.navigator?.gpu)
}

const TOKENIZER_FILES = ['tokenizer.json', 'tiktoken.model']

async function missingTokenizer(
  source: Source,
  signal: AbortSignal | undefined,
): Promise<UnsupportedFeature[]> {
  const found = await Promise.all(TOKENIZER_FILES.map((file) => source.exists(file, signal)))
  const what = `The folder has no ${TOKENIZER_FILES.join(' and no ')}.`
  return found.includes(true) ? [] : [{ what, where: '', hint: 'Add the tokenizer file of this model.' }]
}

/** Facts about the files that hold for any architecture. */
function describeFiles(checkpoint: ReadableCheckpoint) {
  const { config, files, tensors } = checkpoint
  const modelType = isJsonObject(config) ? config.model_type : undefined
  const bytesByType: Record<string, number> = {}
  for (const { dtype, start, end } of tensors.values()) {
    bytesByType[dtype] = (bytesByType[dtype] ?? 0) + end - start
  }
  return {
    name: modelName(checkpoint),
    architecture: typeof modelType === 'string' ? modelType : '',
    files,
    downloadBytes: totalRangeBytes(tensors.values()),
    bytesByType,
    parameters: countStoredParameters(checkpoint),
  }
}

function modelOf({ spec, options }: LoadRequest): Omit<PlannedModel, 'activeParameters'> {
  const mixture = firstMoeLayer(spec)
  const kv = kvBytesPerToken(spec, options.cache)
  return {
    attention: spec.attention.kind,
    layers: spec.layers.length,
    denseLayers: spec.layers.filter(({ kind }) => kind === 'dense').length,
    hidden: spec.hiddenSize,
    vocab: spec.vocabSize,
    experts: mixture?.experts ?? 0,
    activeExperts: mixture?.expertsPerToken ?? 0,
    maxContextLength: spec.maxPositionEmbeddings,
    kvBytesPerToken: kv.kept,
    standardKvBytesPerToken: kv.standard,
  }
}

function memoryOf(target: LoadRequest, { quantize, bytes, initialBytes }: QuantEstimate): PlannedMemory {
  const { spec, capabilities, options, plannedTokens, memory } = target
  const { layers, pageBytes, maxPages } = kvCacheSizes(spec, options.cache, capabilities)
  const freeBytes = memory.guaranteedBytes - (initialBytes.total - initialBytes.kv_cache)
  const fittingTokens = Math.max(0, Math.floor(freeBytes / (layers * pageBytes))) * PAGE_TOKENS
  const maxTokens = Math.min(options.contextLength, maxPages * PAGE_TOKENS)
  return {
    quantize,
    contextLength: plannedTokens,
    bytes,
    bytesAtStart: initialBytes,
    ...(memory.guaranteedBytes > 0 && { contextThatFits: Math.min(fittingTokens, maxTokens) }),
  }
}
