// Answers: `hadal make-checkpoint`: a folder that looks like a published model, of the same widths, with random weights.
// It must not know how numbers are made or files are written.
import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { describeModel } from '../models/describe.ts'
import { indexOf, planShards, type Shard } from '../weights/shards.ts'
import { type Args, type OptionTypes, oneOf, parseArgs, required, sizeOf, UsageError } from './args.ts'
import { type MadeTensor, tensorsOf } from './make/contents.ts'
import { type Recipe, recipeOf, STORED, settingsText } from './make/recipe.ts'
import { textFiles } from './make/tokenizer.ts'
import { bytesOnDisk, shardWriter } from './make/write.ts'

const OPTIONS: OptionTypes = {
  like: 'text',
  layers: 'number',
  dtype: 'text',
  out: 'text',
  seed: 'number',
  'shard-size': 'text',
  vocab: 'number',
  experts: 'number',
  dense: 'flag',
  json: 'flag',
}

const SPARSE_FROM_BYTES = 2e9
const SPARE_BYTES = 2 ** 29 // of the disk, left to others
const SHARD_BYTES = 5e9

/** What was made. */
interface MadeCheckpoint {
  readonly like: string
  readonly dtype: string
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
  if (args.positional.length > 0) throw new UsageError(`make-checkpoint takes no "${args.positional[0]}".`)
  const made = await make(args)
  process.stdout.write(args.flag('json') ? `${JSON.stringify(made)}\n` : printed(made))
}

async function make(args: Args): Promise<MadeCheckpoint> {
  const like = required(args, 'like')
  const out = required(args, 'out')
  const dtype = oneOf(args, 'dtype', STORED, 'bf16')
  const seed = whole(args, 'seed', 0) ?? 1
  const shardBytes = sizeOf(args, 'shard-size') ?? SHARD_BYTES
  const recipe = recipeOf({
    like,
    dtype,
    layers: whole(args, 'layers', 1),
    vocab: whole(args, 'vocab', 1),
    experts: whole(args, 'experts', 1),
  })
  const spec = describeModel(recipe.config)
  const dense = tensorsOf(spec, dtype, false)
  const dataBytes = dense.reduce((sum, { bytes }) => sum + bytes, 0)
  const sparse = !args.flag('dense') && dataBytes > SPARSE_FROM_BYTES
  const shards = planShards(sparse ? tensorsOf(spec, dtype, true) : dense, shardBytes)
  const started = performance.now()
  await write(out, recipe, shards, seed)
  return {
    like,
    dtype,
    layers: spec.layers.length,
    tensors: dense.length,
    data_bytes: dataBytes,
    files: shards.length,
    sparse,
    disk_bytes: onDisk(shards),
    seconds: (performance.now() - started) / 1000,
    out,
  }
}

const onDisk = (shards: readonly Shard<MadeTensor>[]) =>
  shards.reduce((sum, shard) => sum + bytesOnDisk(shard), 0)

async function write(
  out: string,
  recipe: Recipe,
  shards: readonly Shard<MadeTensor>[],
  seed: number,
): Promise<void> {
  await mkdir(out, { recursive: true })
  if ((await readdir(out)).length > 0) {
    throw new HadalError('bad_request', `${out} is not empty.`, {
      hint: 'Name a new folder: nothing is written over.',
    })
  }
  await checkSpace(out, onDisk(shards))
  const writeShard = shardWriter(seed)
  for (const shard of shards) writeShard(join(out, shard.file), shard)
  const files = {
    'config.json': recipe.config,
    ...textFiles(recipe),
    ...(shards.length > 1 ? { 'model.safetensors.index.json': indexOf(shards) } : {}),
  }
  for (const [name, json] of Object.entries(files)) await writeFile(join(out, name), settingsText(json))
}

async function checkSpace(out: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(out)
  const free = bavail * bsize
  if (free >= bytes + SPARE_BYTES) return
  throw new HadalError(
    'storage_full',
    `${out} needs ${formatBytes(bytes)}; its disk has ${formatBytes(free)} free.`,
    {
      hint: `Give fewer --layers, or another disk; ${formatBytes(SPARE_BYTES)} stay free in any case.`,
    },
  )
}

/** A whole number of at least `least`. */
function whole(args: Args, name: string, least: number): number | undefined {
  const value = args.number(name)
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value
  throw new UsageError(`--${name} must be a whole number from ${least} on; it is ${value}.`)
}

function printed(report: MadeCheckpoint): string {
  const count = (n: number) => n.toLocaleString('en')
  const kept = report.sparse
    ? `Sparse: experts and MLPs are mostly zeros, ${formatBytes(report.disk_bytes)} on disk. --dense writes every number.`
    : 'Dense: every number is written.'
  return [
    `${report.out}: ${report.like} with ${report.layers} layers in ${report.dtype}`,
    `${count(report.tensors)} tensors, ${count(report.data_bytes)} bytes in ${report.files} files`,
    kept,
    `${report.seconds.toFixed(1)} s, ${formatBytes(report.disk_bytes / report.seconds)} a second`,
    '',
  ].join('\n')
}
