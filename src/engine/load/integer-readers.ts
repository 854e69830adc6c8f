// Loads the readers of integer codes, which only folders need that other tools quantised.
import type { MatrixLayout } from '../../gpu/matrix.ts'
import { expectDefined } from '../../lib/error.ts'
import { type IntegerMethods, namesIntegerMethod } from '../../models/describe-quantization.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { holdsIntegers } from '../../models/stored-names.ts'
import type { NamedTensor, SplitKv } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { IntegerStreams } from '../../weights/integer-streams.ts'
import { MODULES_FILE } from '../../weights/model-files.ts'
import type {
  IntegerMatrix,
  SplitKvMatrix,
  StoredMatrix,
  TensorWriting,
} from '../../weights/stored-matrix.ts'
import type { EmbeddingFolder } from '../run/embedding-format.ts'
import type { IntegerParts } from './find-integers.ts'
import type { WantedMatrix } from './find-tensor.ts'

/** Finds a matrix that has a scheme. Throws `not_found`, `bad_file`, `bad_config` or `unsupported`. */
export type FindMatrix = (
  spec: ModelSpec,
  checkpoint: ReadableCheckpoint,
  wanted: WantedMatrix,
) => StoredMatrix

/** What `read-integers.ts` has. */
export interface IntegerReaders {
  readonly INTEGER_METHODS: IntegerMethods
  readonly findMlx: FindMatrix
  readonly findCompressed: FindMatrix
  readonly findTransposed: FindMatrix
  readonly findSplitKv: (
    checkpoint: Checkpoint,
    tensor: NamedTensor,
    halves: SplitKv,
    find: (half: NamedTensor) => StoredMatrix,
  ) => SplitKvMatrix | undefined
  readonly integerMatrix: (parts: IntegerParts) => IntegerMatrix
  readonly integerStreams: (
    matrix: IntegerMatrix,
    layout: MatrixLayout,
    streams: IntegerStreams,
  ) => readonly TensorWriting[]
}

/** A checkpoint with the readers that its tensors need. */
export interface ReadableCheckpoint extends Checkpoint {
  readonly integers?: IntegerReaders
  readonly embedding?: EmbeddingFolder
}

/**
 * Loads the readers if the config or the tensors of the checkpoint need them, and reads how to pool if the
 * folder says so.
 */
export async function withReaders(checkpoint: Checkpoint, signal?: AbortSignal): Promise<ReadableCheckpoint> {
  const { config, tensors, source } = checkpoint
  const needed = namesIntegerMethod(config) || holdsIntegers(tensors)
  const embeds = await source.exists(MODULES_FILE, signal)
  return {
    ...checkpoint,
    ...(needed && { integers: await import('./read-integers.ts') }),
    ...(embeds && {
      embedding: await (await import('./read-embedding.ts')).readEmbedding(checkpoint, signal),
    }),
  }
}

/** The readers of a checkpoint that holds integer codes. */
export const integerReaders = ({ integers }: ReadableCheckpoint): IntegerReaders =>
  expectDefined(integers, 'the module of integer readers')
