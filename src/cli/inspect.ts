// `hadal inspect`: describes a model and plans its memory from config, index and tensor headers, or lists
// models worth trying. Needs no GPU.

import { planCheckpoint, specFromConfig } from '../engine/load/plan.ts'
import { openText } from '../engine/load/text.ts'
import { parseTunedVariants, type TunedVariants, tuningKey } from '../engine/load/tuned-variants.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { variantNotes, withVariants } from '../engine/load/variant-notes.ts'
import { firstMoeLayer } from '../engine/model-info.ts'
import type { LoadPlan, VariantNote } from '../engine/types.ts'
import { GUARANTEED } from '../gpu/limits.ts'
import { assertNever, HadalError } from '../lib/error.ts'
import { escapeControls, formatBytes } from '../lib/format.ts'
import type { Attention, ModelSpec, MoeLayer } from '../models/spec.ts'
import { canonicalName, findPrefix, isMtpTensor } from '../models/tensor-names.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { parseArgs, UsageError } from './args.ts'
import { openDawn } from './dawn.ts'
import { listedDifferences, listModels } from './list-models.ts'
import { LOAD_OPTIONS, loadTargetFromArgs } from './load.ts'
import { openSource } from './source.ts'
import { readTuned } from './tuned-store.ts'

export async function inspect(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { ...LOAD_OPTIONS, json: 'flag', tensors: 'flag' })
  const model = args.positional[0] ?? args.text('model')
  if (args.positional.length > 1) throw new UsageError('inspect takes one model.')
  if (model === undefined) return listModels(args)
  const { facts, options } = await loadTargetFromArgs(args, dawnIfAvailable(args.text('adapter')))
  // What a load would try. Only a load can check the results, and whether the chunk fits in memory.
  const stored = facts && !args.flag('untuned') ? await readTuned(tuningKey(facts)) : undefined
  const { prefillChunk, ...tuned } = facts ? parseTunedVariants(facts, stored) : {}
  const variants = facts ? variantNotes(withVariants(facts, tuned), tuned, []) : []
  const source = await openSource(model)
  try {
    const checkpoint = await openConfigured(source, options)
    const planned = await planCheckpoint(checkpoint, facts?.capabilities ?? GUARANTEED, options)
    const spec = planned.model && specFromConfig(checkpoint)
    for (const difference of listedDifferences(model, planned)) checkpoint.notices.add(difference)
    const plan = spec
      ? await addText(planned, spec, checkpoint)
      : { ...planned, notices: checkpoint.notices.texts }
    if (args.flag('json'))
      process.stdout.write(
        `${JSON.stringify({ ...reportOf(plan, spec, checkpoint), variants, prefillChunk })}\n`,
      )
    else
      process.stdout.write(
        reportText(plan, spec, variants, prefillChunk) + (args.flag('tensors') ? tensorList(checkpoint) : ''),
      )
    const [first] = plan.unsupported
    if (first) throw new HadalError('unsupported', first.what, { hint: first.hint })
  } finally {
    await source.close()
  }
}

/** Adds what only the tokenizer and the chat template tell, which a plan does not read. */
async function addText(plan: LoadPlan, spec: ModelSpec, checkpoint: Checkpoint): Promise<LoadPlan> {
  const unsupported = [...plan.unsupported]
  try {
    await openText(checkpoint.source, spec.vocabSize, undefined, checkpoint.notices)
  } catch (error) {
    if (!(error instanceof HadalError)) throw error
    const { message, file = '', hint } = error
    // A missing tokenizer is in the plan already.
    if (unsupported.length === 0) unsupported.push({ what: message, where: file, hint })
  }
  return { ...plan, unsupported, notices: checkpoint.notices.texts }
}

/** WebGPU if available, for exact limits. Without it the plan uses the guaranteed limits. */
function dawnIfAvailable(adapter: string | undefined): GPU | undefined {
  try {
    return openDawn(adapter)
  } catch {
    return undefined
  }
}

function reportOf(plan: LoadPlan, spec: ModelSpec | undefined, checkpoint: Checkpoint) {
  const stored = [...checkpoint.tensors.keys()]
  const prefix = findPrefix(stored)
  const names = stored.map((name) => canonicalName(prefix, name) ?? name)
  return {
    spec,
    plan,
    parameters: plan.parameters,
    activeParameters: plan.model?.activeParameters,
    files: plan.files,
    tensors: [...checkpoint.tensors.values()].map(({ name, dtype, shape, file, start, end }) => ({
      name,
      dtype,
      shape,
      file,
      bytes: end - start,
    })),
    drafts_left_on_disk: spec && names.filter((name) => isMtpTensor(spec, name)).length,
    gpu_bytes: plan.gpu?.bytes,
    kv_bytes_per_token: plan.model?.kvBytesPerToken,
    standard_kv_bytes_per_token: plan.model?.standardKvBytesPerToken,
  }
}

type ReportRow = readonly [name: string, value: string]

function reportText(
  plan: LoadPlan,
  spec: ModelSpec | undefined,
  variants: readonly VariantNote[],
  prefillChunk: TunedVariants['prefillChunk'],
): string {
  const rows = [
    ...(spec ? modelRows(plan, spec) : generalRows(plan)),
    ...fileRows(plan),
    ...weightRows(plan),
    ...memoryRows(plan),
  ]
  for (const { what, hint } of plan.unsupported) rows.push(['not supported', [what, hint].join(' ').trim()])
  for (const notice of plan.notices) rows.push(['notice', notice])
  for (const { decision, variant, why } of variants) rows.push([`kernels: ${decision}`, `${variant}. ${why}`])
  if (prefillChunk)
    rows.push(['prefill chunk', `${prefillChunk} tokens if they fit in memory; fastest when tuned here`])
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.map(([name, value]) => `${name.padEnd(width)}${escapeControls(value)}\n`).join('')
}

const count = (value: number): string => value.toLocaleString('en')

const generalRows = ({ architecture, parameters }: LoadPlan): ReportRow[] => [
  ['family', architecture || 'unknown'],
  ['parameters', count(parameters)],
]

function modelRows({ architecture, parameters, model }: LoadPlan, spec: ModelSpec): ReportRow[] {
  const mixture = firstMoeLayer(spec)
  const dense = model?.denseLayers ?? 0
  return [
    ['family', architecture],
    ['parameters', `${count(parameters)} (${count(model?.activeParameters ?? 0)} active per token)`],
    [
      'layers',
      `${spec.layers.length} (${dense} dense), hidden ${spec.hiddenSize}, vocabulary ${spec.vocabSize}`,
    ],
    ['attention', attentionText(spec.attention)],
    ...(mixture ? [['experts', expertsText(mixture)] as const] : []),
  ]
}

function attentionText(attention: Attention): string {
  switch (attention.kind) {
    case 'grouped': {
      const { heads, kvHeads, qkHeadDim, vHeadDim } = attention
      return `${heads} heads, ${kvHeads} KV heads, head ${qkHeadDim} / ${vHeadDim}`
    }
    case 'latent': {
      const { heads, qLoraRank, kvLoraRank, qkRopeDim, qkNopeDim, vHeadDim } = attention
      return [
        `${heads} heads, query rank ${qLoraRank || 'none'}`,
        `latent ${kvLoraRank} + ${qkRopeDim}, head ${qkNopeDim} + ${qkRopeDim} / ${vHeadDim}`,
      ].join(', ')
    }
    default:
      return assertNever(attention, 'attention kind')
  }
}

const expertsText = (mixture: MoeLayer): string =>
  `${mixture.expertsPerToken} of ${mixture.experts} × ${mixture.intermediateSize}, ` +
  `shared ${mixture.sharedIntermediateSize}, ` +
  `${mixture.scoringFunc}, best ${mixture.topkGroups} of ${mixture.expertGroups} groups, ` +
  `× ${mixture.routedScalingFactor}`

function fileRows({ files, downloadBytes, bytesByType }: LoadPlan): ReportRow[] {
  const shown = files.slice(0, 3).map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`)
  const more = files.length > shown.length ? [`and ${files.length - shown.length} more`] : []
  const types = Object.entries(bytesByType).map(([dtype, bytes]) => `${dtype} ${formatBytes(bytes)}`)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  return [
    ['files', [...shown, ...more].join(', ')],
    ['stored', `${formatBytes(total)}: ${types.join(', ')}`],
    ['to read', formatBytes(downloadBytes)],
  ]
}

const FITS: Readonly<Record<string, string>> = { true: 'fits', false: 'does not fit', unknown: 'may fit' }

/** What the difference between two ways of keeping weights costs. */
const errorText = (error: number): string => (error === 0 ? '' : `, error ${error}`)

const weightRows = ({ weights = [] }: LoadPlan): ReportRow[] =>
  weights.map(({ stored, storedBytes, onGpu, gpuBytes, error }) => [
    'weights',
    `${stored} (${formatBytes(storedBytes)}), ` +
      `on the GPU ${onGpu} (${formatBytes(gpuBytes)})${errorText(error)}`,
  ])

function memoryRows({ model, gpu, fits, choices, auto }: LoadPlan): ReportRow[] {
  const rows: ReportRow[] = []
  if (model) {
    const { kvBytesPerToken, standardKvBytesPerToken, maxContextLength } = model
    rows.push(
      ['KV cache', `${kvBytesPerToken} bytes per token; standard attention: ${standardKvBytesPerToken}`],
      ['context', `at most ${maxContextLength} tokens`],
    )
  }
  if (gpu) {
    const { total, ...purposes } = gpu.bytes
    const parts = Object.entries(purposes).map(([purpose, bytes]) => `${purpose} ${formatBytes(bytes)}`)
    rows.push(
      ['GPU', `${formatBytes(total)} with ${gpu.contextLength} tokens: ${parts.join(', ')}`],
      ['GPU at start', `${formatBytes(gpu.bytesAtStart.total)}; the cache grows with the chat`],
    )
    if (gpu.contextThatFits !== undefined) rows.push(['context that fits', `${gpu.contextThatFits} tokens`])
  }
  for (const { quantize, totalBytes, fits: choiceFits } of choices) {
    const chosen = quantize === auto && choiceFits !== false ? ', chosen by auto' : ''
    rows.push([`as ${quantize}`, `${formatBytes(totalBytes)}, ${FITS[String(choiceFits)]}${chosen}`])
  }
  const why = fits === 'unknown' ? ': use --memory to set how much memory the GPU may use' : ''
  rows.push(['verdict', `${FITS[String(fits)]}${why}`])
  return rows
}

function tensorList({ tensors }: Checkpoint): string {
  const lines = [...tensors.values()].map(
    ({ name, dtype, shape, file }) => `  ${escapeControls(name)}  ${dtype} [${shape.join(', ')}]  ${file}\n`,
  )
  return `\n${lines.join('')}`
}
