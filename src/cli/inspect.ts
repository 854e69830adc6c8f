// Answers: `hadal inspect`: what is in a model folder, and what would it take? Reads config, index and headers; needs no GPU.
// It must not know the GPU beyond the limits every device guarantees.
import { countParameters, mixtureOf } from '../engine/info.ts'
import { bytesByPurpose, planModel } from '../engine/plan.ts'
import { GUARANTEED } from '../gpu/limits.ts'
import { formatBytes } from '../lib/bytes.ts'
import { describeModel } from '../models/describe.ts'
import { isDraftTensor } from '../models/names.ts'
import { type Attention, kvBytesPerToken, type ModelSpec } from '../models/spec.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import { parseArgs, UsageError } from './args.ts'
import { openFolder } from './node-source.ts'

/** Guaranteed bindings, but banks of any size: `inspect` counts bytes, it does not judge a device. */
const LIMITS = { ...GUARANTEED, maxBindingBytes: 2 ** 32, maxBufferBytes: 2 ** 32 }

export async function inspect(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { json: 'flag', model: 'text' })
  const folder = args.positional[0] ?? args.text('model')
  if (folder === undefined || args.positional.length > 1)
    throw new UsageError('Usage: hadal inspect DIR [--json]')
  const source = openFolder(folder)
  try {
    const checkpoint = await openCheckpoint(source)
    const report = describe(describeModel(checkpoint.config), checkpoint)
    process.stdout.write(args.flag('json') ? `${JSON.stringify(report)}\n` : printed(report))
  } finally {
    await source.close()
  }
}

function describe(spec: ModelSpec, checkpoint: Checkpoint) {
  const drafts = [...checkpoint.tensors.keys()].filter((name) => isDraftTensor(spec, name))
  const kv = kvBytesPerToken(spec, 'f16')
  return {
    spec,
    ...countParameters(spec),
    files: checkpoint.files,
    tensors: [...checkpoint.tensors.values()].map(({ name, dtype, shape, file, start, end }) => ({
      name,
      dtype,
      shape,
      file,
      bytes: end - start,
    })),
    drafts_left_on_disk: drafts.length,
    gpu_bytes: bytesByPurpose(planModel(spec, checkpoint, LIMITS)),
    kv_bytes_per_token: kv.kept,
    standard_kv_bytes_per_token: kv.standard,
  }
}

function attentionText(attention: Attention): string {
  if (attention.kind === 'grouped') {
    const { heads, kvHeads, key, value } = attention
    return `${heads} heads, ${kvHeads} of keys and values, head ${key} / ${value}`
  }
  const { heads, queryRank, latent, rope, nope, value } = attention
  return `${heads} heads, query rank ${queryRank || 'none'}, latent ${latent} + ${rope}, head ${nope} + ${rope} / ${value}`
}

function printed(report: ReturnType<typeof describe>): string {
  const { spec } = report
  const { attention } = spec
  const mixture = mixtureOf(spec)
  const dense = spec.layers.filter((layer) => layer.kind === 'dense').length
  const rows: [string, string][] = [
    ['family', spec.family],
    [
      'parameters',
      `${report.parameters.toLocaleString('en')} (${report.activeParameters.toLocaleString('en')} used for a token)`,
    ],
    ['layers', `${spec.layers.length} (${dense} dense), hidden ${spec.hidden}, vocabulary ${spec.vocab}`],
    ['attention', attentionText(attention)],
  ]
  if (mixture) {
    rows.push([
      'experts',
      `${mixture.active} of ${mixture.experts} × ${mixture.inner}, shared ${mixture.sharedInner}, ` +
        `${mixture.scoring}, best ${mixture.topGroups} of ${mixture.groups} groups, × ${mixture.scaling}`,
    ])
  }
  rows.push(
    ['files', report.files.map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`).join(', ')],
    [
      'tensors',
      `${report.tensors.length}, of which ${report.drafts_left_on_disk} of draft layers stay on disk`,
    ],
    ...Object.entries(report.gpu_bytes).map(([purpose, bytes]): [string, string] => [
      `GPU ${purpose}`,
      formatBytes(bytes),
    ]),
    [
      'KV cache',
      `${report.kv_bytes_per_token} bytes a token; standard attention: ${report.standard_kv_bytes_per_token}`,
    ],
    ['context', `${spec.maxPosition} tokens`],
  )
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const names = report.tensors.map(
    ({ name, dtype, shape, file }) => `  ${name}  ${dtype} [${shape.join(', ')}]  ${file}`,
  )
  return `${[...rows.map(([name, value]) => name.padEnd(width) + value), '', ...names].join('\n')}\n`
}
