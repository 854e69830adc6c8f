// `hadal quantize`: writes a quantized copy of a model as a folder in MLX's layout.

import { planUnlimited } from '../engine/load/plan.ts'
import { progressReporter } from '../engine/load/progress.ts'
import type { Quantize, QuantizeChoice } from '../engine/load/quantization.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { type MlxFolder, planMlxFolder, writeMlxFolder } from '../engine/write/mlx-folder.ts'
import { countWeights, type MlxForm } from '../engine/write/mlx-modules.ts'
import { openDevice } from '../gpu/device.ts'
import { QUANTIZATION_TARGETS } from '../gpu/formats.ts'
import { HadalError } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { byteSize, type CliArgs, type OptionKinds, parseArgs, required, UsageError } from './args.ts'
import { openDawn } from './dawn.ts'
import { checkSpace } from './disk-space.ts'
import { markdownTable, quantizeOf } from './format-options.ts'
import { configChanges, showProgress } from './load.ts'
import { openPartialFolder } from './partial-folder.ts'
import { openSource } from './source.ts'

const OPTIONS: OptionKinds = {
  model: 'text',
  quantize: 'text',
  out: 'text',
  config: 'texts',
  adapter: 'text',
  'shard-size': 'text',
  json: 'flag',
}

/** What was written; keys as in the JSON output. */
interface QuantizeReport {
  readonly model: string
  readonly out: string
  readonly data_bytes: number
  readonly files: number
  readonly forms: readonly FormReport[]
  readonly notices: readonly string[]
  readonly seconds: number
  readonly peak_memory_bytes: number // resident set of this process
}

/** The matrices that are stored in one form. */
interface FormReport {
  readonly form: string
  readonly matrices: number
  readonly weights: number
}

export async function quantize(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  if (args.positional.length > 0) throw new UsageError(`quantize does not take "${args.positional[0]}".`)
  const [model, out, choice] = [required(args, 'model'), required(args, 'out'), choiceOf(args)]
  const source = await openSource(model)
  const cancelled = new AbortController()
  const cancel = () => cancelled.abort()
  process.once('SIGINT', cancel).once('SIGTERM', cancel)
  const started = performance.now()
  try {
    const { signal } = cancelled
    const checkpoint = await openConfigured(source, { ...configChanges(args), signal })
    const maxShardBytes = byteSize(args, 'shard-size')
    const folder = await planMlxFolder(planUnlimited(checkpoint, choice), { maxShardBytes, signal })
    for (const notice of folder.notices) process.stderr.write(`${notice}\n`)
    await writeFolder(folder, out, args, signal)
    const report = {
      model,
      out,
      data_bytes: folder.totalBytes,
      files: folder.shards.length,
      forms: formsOf(folder),
      notices: folder.notices,
      seconds: (performance.now() - started) / 1000,
      peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    }
    process.stdout.write(args.flag('json') ? `${JSON.stringify(report)}\n` : reportText(report))
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel)
    await source.close()
  }
}

/** Formats that MLX's affine layout holds exactly. */
const TARGETS: readonly Quantize[] = ['none', 'q8', 'q4']

/** `--quantize` for a folder: one format, or one for each class. Throws `UsageError` and `unsupported`. */
function choiceOf(args: CliArgs): QuantizeChoice {
  required(args, 'quantize')
  const choice = quantizeOf(args)
  if (choice === 'auto' || choice === 'none')
    throw new UsageError(`--quantize ${choice} names no format. Choose q4, q8 or CLASS=FORMAT,...`)
  const formats = typeof choice === 'string' ? [choice] : Object.values(choice)
  const other = formats.find((format) => !TARGETS.includes(format))
  if (other === undefined || other === 'none') return choice
  throw new HadalError(
    'unsupported',
    `${QUANTIZATION_TARGETS[other].label} cannot be written: MLX's layout has integer codes with a scale ` +
      'and an offset for each group, and no FP8 with scales for blocks.',
    { hint: 'Use q8, which has the same number of bits and loses less, or q4.' },
  )
}

async function writeFolder(
  folder: MlxFolder,
  out: string,
  args: CliArgs,
  signal: AbortSignal,
): Promise<void> {
  const files = await openPartialFolder(out, folder.paths)
  try {
    await checkSpace(out, folder.totalBytes, 'Name a folder on another disk.')
    const report = progressReporter(process.stderr.isTTY ? showProgress : undefined)
    await writeMlxFolder(folder, files, {
      openGpu: () => openDevice(openDawn(args.text('adapter'))),
      signal,
      onProgress: (done) => report('convert', done),
    })
    report('ready')
    await files.commit()
  } catch (error) {
    await files.discard()
    throw error
  }
}

function formsOf({ tensors: { modules } }: MlxFolder): readonly FormReport[] {
  const forms = new Map<string, FormReport>()
  for (const module of modules) {
    const form = formText(module.form)
    const before = forms.get(form)
    forms.set(form, {
      form,
      matrices: (before?.matrices ?? 0) + module.members.length,
      weights: (before?.weights ?? 0) + countWeights(module),
    })
  }
  return [...forms.values()].sort((a, b) => b.weights - a.weights)
}

const formText = ({ dtype, codes }: MlxForm): string =>
  codes ? `${codes.bits} bits, groups of ${codes.groupSize}, scales ${dtype}` : dtype

function reportText({ out, forms, files, data_bytes, seconds, peak_memory_bytes }: QuantizeReport): string {
  const rows = forms.map(({ form, matrices, weights }) => [form, matrices, weights.toLocaleString('en')])
  return [
    markdownTable([['stored as', 'matrices', 'weights'], ...rows]),
    `${out}: ${formatBytes(data_bytes)} of weights in MLX's layout, files: ${files}`,
    `${seconds.toFixed(1)} s, peak memory ${formatBytes(peak_memory_bytes)}`,
    '',
  ].join('\n')
}
