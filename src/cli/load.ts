// Answers: how does a command open a model in Node? Options from the command line.
// It must not know what the command does with it.
import { totalmem } from 'node:os'
import { type Engine, loadEngine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/options.ts'
import { type LoadProgress, type ModelOptions, OWN_CACHES } from '../engine/types.ts'
import { type DeviceFacts, type DeviceOptions, readDevice } from '../gpu/device.ts'
import { FACTORS } from '../kernels/linear.ts'
import { formatBytes } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { CACHE_KINDS, type CacheKind } from '../models/cache-form.ts'
import { type Args, type OptionTypes, oneOf, required, sizeOf, UsageError } from './args.ts'
import { openDawn } from './dawn.ts'
import { quantizeOf } from './formats.ts'
import { openSource } from './source.ts'
import { type Measured, startStopwatch } from './stopwatch.ts'
import { tunedReader } from './tuned.ts'

/** Options that every command with a GPU takes. */
export const LOAD_OPTIONS: OptionTypes = {
  model: 'text',
  context: 'number',
  chunk: 'number',
  quantize: 'text',
  memory: 'text',
  kv: 'text',
  products: 'text',
  limits: 'text',
  adapter: 'text',
  'no-f16': 'flag',
  'no-subgroups': 'flag',
  untuned: 'flag',
}

/** What a software adapter may take of the machine's memory, when --memory does not say. */
const SOFTWARE_SHARE = 3 / 4

export interface Loaded {
  readonly engine: Engine
  readonly loadMs: number
  /** What loading took, and the memory of everything until now. */
  measured(): Measured
  close(): Promise<void>
}

export async function loadFromArgs(args: Args): Promise<Loaded> {
  const started = performance.now()
  const stopwatch = startStopwatch()
  const place = required(args, 'model')
  const gpu = openDawn(args.text('adapter'))
  const { device, options } = await machineFromArgs(args, gpu)
  const source = await openSource(place)
  try {
    const onProgress: EngineOptions['onProgress'] = (progress) => {
      stopwatch.note(progress)
      if (process.stderr.isTTY) showProgress(progress)
    }
    const tuned = tunedReader(args)
    const engine = await loadEngine(source, {
      ...options,
      gpu,
      device,
      onProgress,
      ...(tuned && { tuned }),
    })
    for (const notice of engine.info.notices) process.stderr.write(`${notice}\n`)
    return {
      engine,
      loadMs: performance.now() - started,
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
    if (error instanceof HadalError && error.code === 'no_webgpu') throw noAdapter(args.text('adapter'))
    throw error
  }
}

/** What the command line says about the model and the machine, and what there is of the latter. */
export interface Machine {
  readonly device: DeviceOptions
  readonly facts: DeviceFacts | undefined // undefined without an adapter
  readonly options: ModelOptions
}

export async function machineFromArgs(args: Args, gpu: GPU | undefined): Promise<Machine> {
  const device: DeviceOptions = {
    limits: oneOf(args, 'limits', ['default', 'max'], 'max'),
    f16: !args.flag('no-f16'),
    subgroups: !args.flag('no-subgroups'),
  }
  const contextLength = args.number('context')
  const chunk = args.number('chunk')
  const asked: ModelOptions = {
    cache: oneOf(args, 'kv', OWN_CACHES, 'f16'),
    products: oneOf(args, 'products', FACTORS, 'f32'),
    quantize: quantizeOf(args),
    ...(contextLength !== undefined && { contextLength }),
    ...(chunk !== undefined && { chunk }),
  }
  const stated = sizeOf(args, 'memory')
  const facts = await readDevice(gpu, device)
  const memoryBytes = stated ?? (facts?.capabilities.software ? totalmem() * SOFTWARE_SHARE : undefined)
  return {
    device,
    facts,
    options: { ...asked, ...(memoryBytes !== undefined && { memoryBytes }) },
  }
}

/** `--cache`: the form of the KV cache of a session; undefined: the model's own. */
export function cacheOf(args: Args): CacheKind | undefined {
  const name = args.text('cache')
  return name === undefined ? undefined : kindOf(name)
}

/** A form of the KV cache by its name. Throws `UsageError`. */
export function kindOf(name: string): CacheKind {
  const kind = CACHE_KINDS.find((each) => each === name)
  if (kind === undefined) throw new UsageError(`--cache: "${name}" is none of ${CACHE_KINDS.join(', ')}.`)
  return kind
}

function showProgress({ phase, file, bytes, totalBytes, bytesPerSecond }: LoadProgress): void {
  const moved = totalBytes > 0 ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : ''
  const pace = bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : ''
  const line = [phase, file, moved, pace].filter((part) => part !== '').join('  ')
  process.stderr.write(`\r\u001b[K${phase === 'ready' ? '' : line}`)
}

function noAdapter(name: string | undefined): HadalError {
  const filter = name === undefined ? '' : ` named like "${name}"`
  return new HadalError('no_webgpu', `Dawn found no WebGPU adapter${filter}.`, {
    hint: 'Install a Vulkan driver (on Debian: libvulkan1 and mesa-vulkan-drivers), or point VK_DRIVER_FILES at its ICD file.',
  })
}
