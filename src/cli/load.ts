// Opens a model in Node from the options of the command line.
import { totalmem } from 'node:os'
import type { Engine } from '../engine/engine.ts'
import { loadEngine } from '../engine/load-engine.ts'
import type { EngineOptions } from '../engine/options.ts'
import { KV_CACHE_DTYPES, type ModelOptions, type PhaseProgress, SPECULATIVE } from '../engine/types.ts'
import { type DeviceFacts, type DeviceOptions, readDevice } from '../gpu/device.ts'
import { MATMUL_PRECISIONS } from '../kernels/linear.ts'
import { HadalError } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import { CACHE_KINDS, type CacheKind } from '../models/cache-layout.ts'
import { byteSize, type CliArgs, type OptionKinds, oneOf, required, UsageError } from './args.ts'
import { openDawn } from './dawn.ts'
import { quantizeOf } from './format-options.ts'
import { type LoadMeasurements, startLoadStopwatch } from './load-stopwatch.ts'
import { openSource } from './source.ts'
import { tunedReader } from './tuned-store.ts'

/** Options of every command that uses a GPU. */
export const LOAD_OPTIONS: OptionKinds = {
  model: 'text',
  context: 'number',
  'prefill-chunk': 'number',
  quantize: 'text',
  memory: 'text',
  kv: 'text',
  speculative: 'text',
  'matmul-precision': 'text',
  config: 'texts',
  limits: 'text',
  adapter: 'text',
  'no-f16': 'flag',
  'no-subgroups': 'flag',
  untuned: 'flag',
}

/** Fraction of the machine's memory that a software adapter may use without --memory. */
const SOFTWARE_MEMORY_FRACTION = 3 / 4

export interface CliModel {
  readonly engine: Engine
  readonly loadMs: number
  /** Loads the model again, with the weight formats it has, on a new device. */
  reload(signal: AbortSignal): Promise<Engine>
  /** Times of the first load, and memory use until now. */
  measured(): LoadMeasurements
  close(): Promise<void>
}

export async function loadFromArgs(args: CliArgs): Promise<CliModel> {
  const started = performance.now()
  const stopwatch = startLoadStopwatch()
  const model = required(args, 'model')
  const gpu = openDawn(args.text('adapter'))
  const { device, options } = await loadTargetFromArgs(args, gpu)
  const source = await openSource(model)
  const tuned = tunedReader(args)
  const open = async (more: EngineOptions, note: (progress: PhaseProgress) => void) => {
    const onProgress: EngineOptions['onProgress'] = (progress) => {
      note(progress)
      if (process.stderr.isTTY) showProgress(progress)
    }
    try {
      return await loadEngine(source, {
        ...options,
        gpu,
        device,
        onProgress,
        ...(tuned && { tuned }),
        ...more,
      })
    } catch (error) {
      const isMissing = error instanceof HadalError && error.code === 'no_webgpu'
      throw isMissing ? noAdapterError(args.text('adapter')) : error
    }
  }
  try {
    const engine = await open({}, stopwatch.note)
    for (const notice of engine.info.notices) process.stderr.write(`${notice}\n`)
    return {
      engine,
      loadMs: performance.now() - started,
      reload: (signal) => open({ quantize: engine.info.quantize, signal }, () => {}),
      measured: stopwatch.read,
      async close() {
        stopwatch.stop()
        engine.destroy()
        await source.close()
      },
    }
  } catch (error) {
    stopwatch.stop()
    await source.close()
    throw error
  }
}

/** Device and model options of the command line, and the facts of the device. */
export interface LoadTarget {
  readonly device: DeviceOptions
  readonly facts: DeviceFacts | undefined // undefined without an adapter
  readonly options: ModelOptions
}

export async function loadTargetFromArgs(args: CliArgs, gpu: GPU | undefined): Promise<LoadTarget> {
  const device: DeviceOptions = {
    limits: oneOf(args, 'limits', ['default', 'max'], 'max'),
    f16: !args.flag('no-f16'),
    subgroups: !args.flag('no-subgroups'),
  }
  const contextLength = args.number('context')
  const prefillChunk = args.number('prefill-chunk')
  const modelOptions: ModelOptions = {
    cache: oneOf(args, 'kv', KV_CACHE_DTYPES, 'f16'),
    matmulPrecision: oneOf(args, 'matmul-precision', MATMUL_PRECISIONS, 'f32'),
    quantize: quantizeOf(args),
    speculative: oneOf(args, 'speculative', SPECULATIVE, 'off'),
    ...(contextLength !== undefined && { contextLength }),
    ...(prefillChunk !== undefined && { prefillChunk }),
    ...configChanges(args),
  }
  const givenBytes = byteSize(args, 'memory')
  const facts = await readDevice(gpu, device)
  const memoryBytes =
    givenBytes ?? (facts?.capabilities.software ? totalmem() * SOFTWARE_MEMORY_FRACTION : undefined)
  return {
    device,
    facts,
    options: { ...modelOptions, ...(memoryBytes !== undefined && { memoryBytes }) },
  }
}

/** `--config KEY=VALUE`, as often as wanted: VALUE is JSON or else a text, dots in KEY go into objects. */
export function configChanges(args: CliArgs): Pick<ModelOptions, 'config'> {
  const changes: JsonObject = {}
  for (const text of args.texts('config')) {
    const at = text.indexOf('=')
    const path = text.slice(0, at).split('.')
    if (at < 1 || path.includes('')) throw new UsageError(`--config must be KEY=VALUE, not "${text}".`)
    setPath(changes, path, jsonOrText(text.slice(at + 1)))
  }
  return Object.keys(changes).length > 0 ? { config: changes } : {}
}

type JsonObject = Record<string, unknown>

function setPath(object: JsonObject, [key = '', ...rest]: readonly string[], value: unknown): void {
  const old = Object.hasOwn(object, key) ? object[key] : undefined
  let next = value
  if (rest.length > 0) {
    const nested: JsonObject = isJsonObject(old) ? old : {}
    setPath(nested, rest, value)
    next = nested
  }
  // Not assigned: the key may be __proto__.
  Object.defineProperty(object, key, { value: next, enumerable: true, writable: true, configurable: true })
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `--cache`: the cache layout of a session; undefined: the model's own. */
export function cacheKindOption(args: CliArgs): CacheKind | undefined {
  const name = args.text('cache')
  return name === undefined ? undefined : cacheKindNamed(name)
}

/** A cache layout by its name. Throws `UsageError`. */
export function cacheKindNamed(name: string): CacheKind {
  const kind = CACHE_KINDS.find((known) => known === name)
  if (kind === undefined) throw new UsageError(`--cache: "${name}" is not one of ${CACHE_KINDS.join(', ')}.`)
  return kind
}

/** Shows the progress of a load in one line of the terminal. */
export function showProgress(progress: PhaseProgress): void {
  const { phase, file, bytes, totalBytes, bytesPerSecond, secondsLeft } = progress
  const moved = totalBytes > 0 ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : ''
  const pace = bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : ''
  const left = secondsLeft > 0 ? `${Math.ceil(secondsLeft)} s left` : ''
  const line = [phase, file, moved, pace, left].filter((part) => part !== '').join('  ')
  process.stderr.write(`\r\u001b[K${phase === 'ready' ? '' : line}`)
}

function noAdapterError(name: string | undefined): HadalError {
  const filter = name === undefined ? '' : ` whose name contains "${name}"`
  return new HadalError('no_webgpu', `Dawn found no WebGPU adapter${filter}.`, {
    hint:
      'Install a Vulkan driver (on Debian: libvulkan1 and mesa-vulkan-drivers), ' +
      'or set VK_DRIVER_FILES to its ICD file.',
  })
}
