// `hadal checks`: lists every kernel that a model would run and checks each on an adapter. Reads no weights.
import sources from 'virtual:shaders'
import { emptyCheckpoint } from '../bench/tune-adapter.ts'
import { codeOf, smallestOf } from '../engine/check/checked-kernels.ts'
import { type CheckResult, passed, runChecks } from '../engine/check/run-checks.ts'
import { estimateQuantization, type LoadRequest } from '../engine/load/choose-quantization.ts'
import { conversionDispatch } from '../engine/load/convert.ts'
import {
  conversionsOf,
  layoutsOf,
  logprobsRecorder,
  plannedRecorder,
  unboundInputs,
} from '../engine/load/footprint.ts'
import { specFromConfig, toLoadTarget } from '../engine/load/plan.ts'
import type { QuantizeChoice } from '../engine/load/quantization.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { draftDispatches } from '../engine/run/draft-layer.ts'
import type { ModelOptions } from '../engine/types.ts'
import { openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import type { Capabilities } from '../gpu/limits.ts'
import { chooseVariants } from '../gpu/variants.ts'
import { HadalError } from '../lib/error.ts'
import { cacheKindsOf } from '../models/cache-layout.ts'
import { checkCache } from '../models/check-attention.ts'
import type { Dispatch } from '../program/graph.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { type CliArgs, parseArgs, required, UsageError } from './args.ts'
import { openDawn } from './dawn.ts'
import { LOAD_OPTIONS, loadTargetFromArgs } from './load.ts'
import { PUBLISHED_CONFIGS } from './published-configs.ts'
import { openSource } from './source.ts'

export async function checks(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { ...LOAD_OPTIONS, like: 'text', 'adapter-variants': 'flag', json: 'flag' })
  const gpu = openDawn(args.text('adapter'))
  const { device: deviceOptions, options } = await loadTargetFromArgs(args, gpu)
  const device = await openDevice(gpu, deviceOptions)
  const capabilities = args.flag('adapter-variants') ? device.capabilities : asOnGpu(device.capabilities)
  const dispatches = await kernelsFromArgs(args, capabilities, options)
  const results = await runChecks({ device, pipelines: new PipelineCache(device, sources) }, dispatches)
  const rows = dispatches.map((dispatch) => describeCheck(dispatch, results.get(dispatch)))
  const report = {
    adapter: device.adapter,
    model: args.text('like') ?? args.text('model'),
    variants: capabilities.variants,
    checks: rows,
  }
  process.stdout.write(args.flag('json') ? `${JSON.stringify(report)}\n` : reportText(rows))
  throwIfWrong(device.adapter, rows)
}

/** The capabilities of an adapter, with the variants and sizes of dispatches that a GPU would get. */
function asOnGpu(capabilities: Capabilities): Capabilities {
  const facts = { ...capabilities, software: false }
  return { ...facts, variants: chooseVariants(facts) }
}

/** Throws `internal` with the names of the kernels that did not pass. */
export function throwIfWrong(
  adapter: string,
  rows: readonly { readonly kernel: string; readonly passed: boolean }[],
): void {
  const wrong = new Set(rows.filter((row) => !row.passed).map(({ kernel }) => kernel))
  if (wrong.size === 0) return
  throw new HadalError('internal', `${adapter} miscalculates ${[...wrong].join(', ')}.`, {
    hint: 'The graphics driver or Hadal has a bug. Update the driver, or report this.',
  })
}

/** The distinct kernels of the model that the arguments name. */
async function kernelsFromArgs(
  args: CliArgs,
  capabilities: Capabilities,
  options: ModelOptions,
): Promise<readonly Dispatch[]> {
  const like = args.text('like')
  const { quantize = 'none' } = options
  if (quantize === 'auto') throw new UsageError('--quantize auto depends on memory; name a format.')
  const kernels = (config: unknown, checkpointOf: (target: LoadRequest['spec']) => Checkpoint) => {
    const spec = specFromConfig({ config })
    return distinctKernels(toLoadTarget(spec, checkpointOf(spec), capabilities, options), quantize)
  }
  if (like !== undefined) {
    const config = Object.hasOwn(PUBLISHED_CONFIGS, like) ? PUBLISHED_CONFIGS[like] : undefined
    if (!config)
      throw new UsageError(`Unknown model "${like}". Models: ${Object.keys(PUBLISHED_CONFIGS).join(', ')}.`)
    return kernels(config, emptyCheckpoint)
  }
  const source = await openSource(required(args, 'model'))
  try {
    const checkpoint = await openConfigured(source, options)
    return kernels(checkpoint.config, () => checkpoint)
  } finally {
    await source.close()
  }
}

/** Every distinct kernel of a model: steps in each of its cache layouts, sampling, drafts and conversions. */
export function distinctKernels(target: LoadRequest, quantize: QuantizeChoice): readonly Dispatch[] {
  const { spec, capabilities, options } = target
  const { variants } = capabilities
  const { plan } = estimateQuantization(target, quantize)
  const kinds = cacheKindsOf(spec.attention).filter((kind) => {
    try {
      checkCache(spec.attention, kind)
      return true
    } catch {
      return false // heads too wide for this layout
    }
  })
  const steps = kinds.flatMap((kind) => {
    const withCache = { ...options, cache: { ...options.cache, kind } }
    return plannedRecorder(spec, plan, capabilities, withCache)(variants)
  })
  const others = [
    ...logprobsRecorder(spec)(variants),
    ...conversionsOf(plan).map(conversionDispatch),
    ...(spec.draft ? draftDispatches(unboundInputs(spec, layoutsOf(plan), capabilities, options)) : []),
  ]
  return [...smallestOf([...steps, ...others], codeOf).values()]
}

interface CheckRow {
  readonly kernel: string
  readonly imports: Dispatch['imports']
  readonly constants: Dispatch['constants']
  readonly passed: boolean
  readonly error?: number | null // relative to the sum of absolute terms; null: not a number
  readonly tolerance?: number
  readonly message?: string // why it does not compile
}

function describeCheck({ kernel, imports, constants }: Dispatch, result: CheckResult | undefined): CheckRow {
  const row = { kernel: kernel.name, imports, constants }
  if (!result || result instanceof HadalError)
    return { ...row, passed: false, message: result?.message ?? '' }
  const { error, tolerance } = result
  return { ...row, passed: passed(result), error: Number.isNaN(error) ? null : error, tolerance }
}

function reportText(rows: readonly CheckRow[]): string {
  const width = Math.max(...rows.map(({ kernel }) => kernel.length)) + 2
  const lines = rows.map(({ kernel, imports, passed, error, tolerance = 1, message }) => {
    const found =
      message ?? `${(((error ?? Number.NaN) / tolerance) * 100).toFixed(2)} % of the allowed error`
    const modules = Object.values(imports).join(' ')
    const details = [modules, found].filter(Boolean).join('; ')
    return `${passed ? 'passed' : 'WRONG '}  ${kernel.padEnd(width)}${details}\n`
  })
  const right = rows.filter((row) => row.passed).length
  return `${lines.join('')}${right} of ${rows.length} kernels passed.\n`
}
