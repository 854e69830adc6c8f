// `hadal make-checkpoint`: writes a checkpoint with the shapes of a published model and random weights.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HadalError } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { describeModel } from '../models/describe.ts'
import { planShards, type ShardLayout, shardIndex } from '../weights/shards.ts'
import { byteSize, type CliArgs, type OptionKinds, oneOf, parseArgs, required, UsageError } from './args.ts'
import { checkSpace } from './disk-space.ts'
import { CHECKPOINT_DTYPES, type CheckpointRecipe, jsonText, recipeOf } from './make/config-recipe.ts'
import { MLX_FORMATS, mlxQuantization, randomMlxTensors } from './make/random-mlx.ts'
import { type RandomTensor, randomTensorsOf, STORED_DTYPES } from './make/random-tensors.ts'
import { bytesOnDisk, shardWriter } from './make/shard-writer.ts'
import { tokenizerFiles } from './make/tokenizer.ts'

const OPTIONS: OptionKinds = {
  like: 'text',
  layers: 'number',
  dtype: 'text',
  format: 'text',
  out: 'text',
  seed: 'number',
  'shard-size': 'text',
  vocab: 'number',
  experts: 'number',
  dense: 'flag',
  json: 'flag',
}

const MIN_SPARSE_BYTES = 2e9
const DEFAULT_SHARD_BYTES = 5e9

/** What was written; keys as in the JSON output. */
interface CheckpointReport {
  readonly like: string
  readonly dtype: string
  readonly format?: string
  readonly layers: number
  readonly tensors: number
  readonly data_bytes: number
  readonly files: number
  readonly sparse: boolean
  readonly disk_bytes: number
  readonly seconds: number
  readonly out: string
}

export async function makeCheckpoint(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  if (args.positional.length > 0)
    throw new UsageError(`make-checkpoint does not take "${args.positional[0]}".`)
  const report = await writeCheckpoint(args)
  process.stdout.write(args.flag('json') ? `${JSON.stringify(report)}\n` : reportText(report))
}

async function writeCheckpoint(args: CliArgs): Promise<CheckpointReport> {
  const like = required(args, 'like')
  const out = required(args, 'out')
  const dtype = oneOf(args, 'dtype', CHECKPOINT_DTYPES, 'bf16')
  const format = args.text('format') === undefined ? undefined : oneOf(args, 'format', MLX_FORMATS, 'mlx4')
  if (format && dtype !== 'bf16' && dtype !== 'f16')
    throw new UsageError(`--format ${format} has scales in bf16 or f16, not ${dtype}.`)
  const seed = integerOption(args, 'seed', 0) ?? 1
  const shardBytes = byteSize(args, 'shard-size') ?? DEFAULT_SHARD_BYTES
  const recipe = recipeOf({
    like,
    dtype,
    layers: integerOption(args, 'layers', 1),
    vocab: integerOption(args, 'vocab', 1),
    experts: integerOption(args, 'experts', 1),
  })
  const spec = describeModel(recipe.config)
  const plan = (sparse: boolean) =>
    format ? randomMlxTensors(spec, format, STORED_DTYPES[dtype]) : randomTensorsOf(spec, dtype, sparse)
  const dense = plan(false)
  const dataBytes = dense.reduce((sum, { bytes }) => sum + bytes, 0)
  const sparse = !format && !args.flag('dense') && dataBytes > MIN_SPARSE_BYTES
  const shards = planShards(sparse ? plan(true) : dense, shardBytes)
  const started = performance.now()
  const quantization = format && mlxQuantization(format)
  const config = {
    ...recipe.config,
    ...(quantization && { quantization, quantization_config: quantization }),
  }
  await writeFiles(out, { ...recipe, config }, shards, seed)
  return {
    like,
    dtype,
    ...(format && { format }),
    layers: spec.layers.length,
    tensors: dense.length,
    data_bytes: dataBytes,
    files: shards.length,
    sparse,
    disk_bytes: shardBytesOnDisk(shards),
    seconds: (performance.now() - started) / 1000,
    out,
  }
}

const shardBytesOnDisk = (shards: readonly ShardLayout<RandomTensor>[]) =>
  shards.reduce((sum, shard) => sum + bytesOnDisk(shard), 0)

async function writeFiles(
  out: string,
  recipe: CheckpointRecipe,
  shards: readonly ShardLayout<RandomTensor>[],
  seed: number,
): Promise<void> {
  await mkdir(out, { recursive: true })
  if ((await readdir(out)).length > 0) {
    throw new HadalError('bad_request', `${out} is not empty.`, {
      hint: 'Name a new folder. Existing files are never overwritten.',
    })
  }
  await checkSpace(out, shardBytesOnDisk(shards), 'Use fewer --layers or another disk.')
  const writeShard = shardWriter(seed)
  for (const shard of shards) writeShard(join(out, shard.file), shard)
  const files = {
    'config.json': recipe.config,
    ...tokenizerFiles(recipe),
    ...(shards.length > 1 ? { 'model.safetensors.index.json': shardIndex(shards) } : {}),
  }
  for (const [name, json] of Object.entries(files)) await writeFile(join(out, name), jsonText(json))
}

/** A whole number of at least `min`, if the option is given. */
function integerOption(args: CliArgs, name: string, min: number): number | undefined {
  const value = args.number(name)
  if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return value
  throw new UsageError(`--${name} must be a whole number from ${min}, not ${value}.`)
}

function reportText(report: CheckpointReport): string {
  const count = (n: number) => n.toLocaleString('en')
  const density = report.sparse
    ? [
        `Sparse: experts and MLPs are mostly zeros, ${formatBytes(report.disk_bytes)} on disk.`,
        '--dense writes every number.',
      ].join(' ')
    : 'Dense: every number is written.'
  return [
    `${report.out}: ${report.like} with ${report.layers} layers in ${report.format ?? report.dtype}`,
    `${count(report.tensors)} tensors, ${count(report.data_bytes)} bytes in ${report.files} files`,
    density,
    `${report.seconds.toFixed(1)} s, ${formatBytes(report.disk_bytes / report.seconds)}/s`,
    '',
  ].join('\n')
}
