// Answers: what would it take to run a model here? Config, index and headers are read, and not one byte of a weight.
// It must not know how a model is loaded.
import { type Device, readCapabilities } from '../gpu/device.ts'
import { type Capabilities, GUARANTEED } from '../gpu/limits.ts'
import { spannedBytes } from '../lib/bytes.ts'
import type { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { kvBytesPerToken } from '../models/cache-form.ts'
import { checkAttention } from '../models/check.ts'
import { describeModel } from '../models/describe.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import type { Source } from '../weights/source.ts'
import { attempt, best, chosenOf, type Rated, rateAll, type Subject } from './choices.ts'
import { countAll, countParameters, mixtureOf, nameOf } from './info.ts'
import { cacheSizes, PAGE_TOKENS } from './kv-cache.ts'
import { memoryRange } from './memory-range.ts'
import { plannedContext, runtimeOptions } from './options.ts'
import type { LoadPlan, ModelOptions, PlannedMemory, PlannedModel, Unsupported } from './types.ts'
import { wantedEntries } from './wanted.ts'

export interface PlanOptions extends ModelOptions {
  /** An open device, as `engine.device` is one. */
  readonly device?: Pick<Device, 'capabilities'>
  /** Limits of a device that is not open. Without both: those of `navigator.gpu`, else what every WebGPU device guarantees. */
  readonly limits?: Partial<Capabilities>
  readonly signal?: AbortSignal
}

/**
 * Plans the model in `source` as `loadEngine` would open it with the same options, but for what tuning has stored. What this version does not run is named in
 * `unsupported`; broken and hostile files throw their `HadalError`, as do options that make no sense.
 */
export async function plan(source: Source, options: PlanOptions = {}): Promise<LoadPlan> {
  const checkpoint = await openCheckpoint(source, options.signal)
  return planCheckpoint(checkpoint, await capabilitiesOf(options), options)
}

/** The same for a folder whose headers have been read, on a device with these capabilities. */
export async function planCheckpoint(
  checkpoint: Checkpoint,
  capabilities: Capabilities,
  options: Omit<PlanOptions, 'device' | 'limits'>,
): Promise<LoadPlan> {
  const unsupported = await missingTokenizer(checkpoint.source, options.signal)
  const note = ({ file, tensor, message, hint }: HadalError) => {
    const where = [file, tensor].filter(Boolean).join(': ')
    unsupported.push({ what: message, where, hint })
  }
  const spec = attempt(() => specOf(checkpoint.config), note)
  const general = generalOf(checkpoint)
  if (!spec) return { ...general, unsupported, fits: 'unknown', choices: [] }
  const subject = subjectOf(spec, checkpoint, capabilities, options)
  const all = rateAll(subject)
  const auto = best(all, subject.memory)
  const chosen = attempt(() => chosenOf(subject, all, options.quantize), note)
  const { parameters, activeParameters } = countParameters(spec)
  return {
    ...general,
    parameters,
    ...(chosen && {
      downloadBytes: spannedBytes(wantedEntries(chosen.plan)),
      gpu: memoryOf(subject, chosen),
    }),
    unsupported,
    model: { ...modelOf(subject), activeParameters },
    fits: chosen?.fits ?? false,
    choices: all.map(({ quantize, bytes, fits }) => ({ quantize, totalBytes: bytes.total, fits })),
    ...(auto && { auto: auto.quantize }),
  }
}

/** config.json → spec, of a model whose sizes the kernels can run. Throws `bad_config` or `unsupported`. */
export function specOf(config: unknown): ModelSpec {
  const spec = describeModel(config)
  checkAttention(spec.attention)
  return spec
}

/** The model on a device with these capabilities. Throws `bad_request` for odd options. */
export function subjectOf(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  capabilities: Capabilities,
  options: ModelOptions,
): Subject {
  const runtime = runtimeOptions(spec, options)
  const { maxPages } = cacheSizes(spec, runtime.cache, capabilities)
  const tokens = Math.min(plannedContext(spec, options), maxPages * PAGE_TOKENS)
  const memory = memoryRange(options.memoryBytes)
  return { spec, checkpoint, capabilities, options: runtime, tokens, memory }
}

async function capabilitiesOf({ device, limits }: PlanOptions): Promise<Capabilities> {
  if (device) return device.capabilities
  if (limits) return { ...GUARANTEED, ...limits }
  return (await readCapabilities(globalThis.navigator?.gpu)) ?? GUARANTEED
}

const TOKENIZERS = ['tokenizer.json', 'tiktoken.model']

async function missingTokenizer(source: Source, signal: AbortSignal | undefined): Promise<Unsupported[]> {
  const found = await Promise.all(TOKENIZERS.map((file) => source.exists(file, signal)))
  const what = `The folder has no ${TOKENIZERS.join(' and no ')}.`
  return found.includes(true) ? [] : [{ what, where: '', hint: 'A model needs its vocabulary.' }]
}

/** What is there to say about the files, whatever the model is. */
function generalOf(checkpoint: Checkpoint) {
  const { config, files, tensors } = checkpoint
  const family = isRecord(config) ? config.model_type : undefined
  const bytesByType: Record<string, number> = {}
  for (const { dtype, start, end } of tensors.values()) {
    bytesByType[dtype] = (bytesByType[dtype] ?? 0) + end - start
  }
  return {
    name: nameOf(checkpoint),
    architecture: typeof family === 'string' ? family : '',
    files,
    downloadBytes: spannedBytes(tensors.values()),
    bytesByType,
    parameters: countAll(checkpoint),
  }
}

function modelOf({ spec, options }: Subject): Omit<PlannedModel, 'activeParameters'> {
  const mixture = mixtureOf(spec)
  const kv = kvBytesPerToken(spec, options.cache)
  return {
    attention: spec.attention.kind,
    layers: spec.layers.length,
    denseLayers: spec.layers.filter(({ kind }) => kind === 'dense').length,
    hidden: spec.hidden,
    vocab: spec.vocab,
    experts: mixture?.experts ?? 0,
    activeExperts: mixture?.active ?? 0,
    maxContextLength: spec.maxPosition,
    kvBytesPerToken: kv.kept,
    standardKvBytesPerToken: kv.standard,
  }
}

function memoryOf(subject: Subject, { quantize, bytes, atStart }: Rated): PlannedMemory {
  const { spec, capabilities, options, tokens, memory } = subject
  const { layers, pageBytes, maxPages } = cacheSizes(spec, options.cache, capabilities)
  const rest = memory.surely - (atStart.total - atStart.kv_cache)
  const held = Math.max(0, Math.floor(rest / (layers * pageBytes))) * PAGE_TOKENS
  const most = Math.min(options.contextLength, maxPages * PAGE_TOKENS)
  return {
    quantize,
    contextLength: tokens,
    bytes,
    bytesAtStart: atStart,
    ...(memory.surely > 0 && { contextThatFits: Math.min(held, most) }),
  }
}
