// Writes a model as a folder in MLX's layout, matrix by matrix: nothing larger is held.
import sources from 'virtual:shaders'
import type { Device } from '../../gpu/device.ts'
import { PipelineCache } from '../../gpu/kernel.ts'
import { expectDefined, throwIfAborted } from '../../lib/error.ts'
import { objectText } from '../../lib/json-text.ts'
import { listNames } from '../../lib/notices.ts'
import { CONFIG_FILE, configText } from '../../weights/checkpoint.ts'
import type { FolderWriter } from '../../weights/folder-writer.ts'
import { shareableFiles } from '../../weights/model-files.ts'
import type { StreamProgress } from '../../weights/stream.ts'
import { INDEX_FILE } from '../../weights/weight-files.ts'
import { selfTest } from '../check/self-test.ts'
import { Converter, conversionDispatch } from '../load/convert.ts'
import { streamPasses } from '../load/fill.ts'
import type { ReadableCheckpoint } from '../load/integer-readers.ts'
import type { PlannedModelWeights } from '../load/plan.ts'
import { shadersOnDemand } from '../load/shaders-on-demand.ts'
import { type MlxShard, mlxConfig, mlxIndex, planMlxShards } from './mlx-layout.ts'
import { type MlxMember, type MlxTensors, mlxTensors } from './mlx-modules.ts'
import { type GpuConversion, type MlxWriting, mlxWriters, RESULT_BYTES } from './mlx-writers.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A folder to be written: its files and what they lose. */
export interface MlxFolder {
  readonly checkpoint: ReadableCheckpoint
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: MlxTensors
  readonly shards: readonly MlxShard[]
  readonly totalBytes: number // of the shards
  readonly texts: readonly string[] // files that are copied
  readonly paths: readonly string[] // all files, in the order in which they become complete
  /** What differs from what was asked for, for people. */
  readonly notices: readonly string[]
}

/** Plans the folder. Throws `unsupported` for what MLX's layout cannot hold, and the errors of the source. */
export async function planMlxFolder(
  { checkpoint, spec, plan }: PlannedModelWeights,
  {
    maxShardBytes,
    signal,
  }: { readonly maxShardBytes?: number | undefined; readonly signal?: AbortSignal | undefined },
): Promise<MlxFolder> {
  const tensors = mlxTensors(spec, plan)
  const shards = planMlxShards(tensors, maxShardBytes)
  const texts = await shareableFiles(checkpoint.source, signal)
  return {
    checkpoint,
    config: mlxConfig(checkpoint.config, spec, tensors),
    tensors,
    shards,
    totalBytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
    texts,
    paths: [...shards.map(({ file }) => file), ...texts, INDEX_FILE, CONFIG_FILE],
    notices: [...checkpoint.notices.texts, ...noticesOf(tensors)],
  }
}

function noticesOf({ unquantized, fromFp8 }: MlxTensors): string[] {
  const notices: string[] = []
  if (fromFp8.length > 0) {
    notices.push(
      `${fromFp8.length} matrices that quantizing leaves in FP8 are written as q8 (relative error 0.005), ` +
        `because MLX has no such form: ${listNames(fromFp8, 2)}.`,
    )
  }
  if (unquantized.length > 0) {
    notices.push(
      `${unquantized.length} matrices stay as they are, because MLX quantizes only rows of a multiple of ` +
        `32 weights: ${listNames(unquantized, 2)}.`,
    )
  }
  return notices
}

export interface WriteOptions {
  /** Opens a GPU: it is needed only where weights are converted. */
  readonly openGpu: () => Promise<Device>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined
}

/**
 * Writes all files, config.json last: a folder without it is incomplete.
 * Throws the errors of source and writer, `bad_file` for weights that are not finite, and `internal` if the
 * GPU miscalculates.
 */
export async function writeMlxFolder(
  folder: MlxFolder,
  writer: FolderWriter,
  { openGpu, signal, onProgress }: WriteOptions,
): Promise<void> {
  const { checkpoint, shards, totalBytes } = folder
  const gpu = needsGpu(folder) ? await openConversion(folder, await openGpu()) : undefined
  let bytes = 0
  try {
    for (const shard of shards) {
      let fileBytes = 0
      await writeShard({ checkpoint, shard, gpu, signal }, async (at, piece) => {
        throwIfAborted(signal)
        await writer.write(shard.file, at, piece)
        bytes += piece.length
        fileBytes += piece.length
        onProgress?.({ file: shard.file, bytes, totalBytes, fileBytes, fileTotalBytes: shard.bytes })
      })
      await writer.finish(shard.file)
    }
  } finally {
    gpu?.converter.close()
    gpu?.device.destroy()
  }
  await writeTexts(folder, writer, signal)
}

const conversionsOf = ({ tensors: { modules } }: MlxFolder) =>
  modules.flatMap(({ members }) =>
    members.filter(
      (member): member is Extract<MlxMember, { kind: 'converted' }> => member.kind === 'converted',
    ),
  )

const needsGpu = (folder: MlxFolder): boolean => conversionsOf(folder).length > 0

/** Checks the kernels that convert the weights of a folder, and prepares them. */
async function openConversion(folder: MlxFolder, device: Device): Promise<GpuConversion> {
  const pipelines = new PipelineCache(device, sources, shadersOnDemand)
  const conversions = conversionsOf(folder)
  await selfTest(device, pipelines, () =>
    conversions.map(({ matrix, layout }) => conversionDispatch({ from: matrix.storedLayout, into: layout })),
  )
  return device.arena.guard('the conversion of weights', async () => {
    const converter = new Converter(device, pipelines)
    for (const { matrix, layout } of conversions) converter.requestPipeline(matrix.storedLayout, layout)
    await converter.prepare()
    return { device, converter, result: device.arena.allocate('staging', 'converted rows', RESULT_BYTES) }
  })
}

interface ShardJob {
  readonly checkpoint: ReadableCheckpoint
  readonly shard: MlxShard
  readonly gpu: GpuConversion | undefined
  readonly signal: AbortSignal | undefined
}

/** Streams the weights of one file in the order in which they are stored. */
async function writeShard(
  { checkpoint, shard, gpu, signal }: ShardJob,
  write: (at: number, bytes: Bytes) => Promise<void>,
): Promise<void> {
  const starts = new Map(shard.tensors.map(({ tensor, start }) => [tensor, start]))
  const pending: Promise<void>[] = []
  const writeTensor: MlxWriting['write'] = (tensor, at, bytes) => {
    const start = expectDefined(starts.get(tensor), tensor.name) + at
    const written = Promise.resolve(bytes).then((piece) => write(start, piece))
    written.catch(() => {}) // awaited after the slice that caused it
    pending.push(written)
  }
  const writers = mlxWriters({ checkpoint, gpu, write: writeTensor }, shard.modules, shard.vectors)
  await write(0, shard.header)
  await streamPasses(writers, checkpoint, signal ? { signal } : {}, async () => {
    await Promise.all(pending.splice(0))
  })
}

/** Writes all that is not weights: texts as they are, the index, and last config.json. */
async function writeTexts(
  { checkpoint: { source }, shards, config, texts }: MlxFolder,
  writer: FolderWriter,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const path of texts) {
    const bytes = await source.size(path, signal)
    await writer.write(path, 0, await source.read(path, 0, bytes, signal))
    await writer.finish(path)
  }
  const index = `${JSON.stringify(mlxIndex(shards), undefined, 4)}\n`
  const changed = objectText(config, await configText(source, signal))
  for (const [path, text] of Object.entries({ [INDEX_FILE]: index, [CONFIG_FILE]: changed })) {
    await writer.write(path, 0, new TextEncoder().encode(text))
    await writer.finish(path)
  }
}
