// The writers that turn stored tensors into those of MLX: bytes arrive in slices and leave with their place.
import type { Allocation } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import { FORMATS } from '../../gpu/formats.ts'
import { type MatrixLayout, type PartLayout, splitMatrix } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { assertNever, expectDefined } from '../../lib/error.ts'
import { checkFinite, checkScaleLimit } from '../../weights/finite.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import {
  type CodeFormat,
  isCodeFormat,
  type MlxScales,
  mlxCodes,
  mlxScales,
} from '../../weights/mlx-codes.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { ShardTensor } from '../../weights/shards.ts'
import type { TensorWriting } from '../../weights/stored-matrix.ts'
import { f64Rounder, sliceWriter, type TensorWriter, withoutPadding } from '../../weights/tensor-writer.ts'
import type { ModelWriters } from '../load/allocate-weights.ts'
import type { Converter } from '../load/convert.ts'
import type { ReadableCheckpoint } from '../load/integer-readers.ts'
import type { ModuleTensors, VectorTensor } from './mlx-layout.ts'
import type { MlxMember } from './mlx-modules.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Converts matrices on the GPU, and the buffer that holds what it converted. */
export interface GpuConversion {
  readonly device: Device
  readonly converter: Converter
  readonly result: Allocation
}

/** Where the bytes of modules and vectors come from and go to. */
export interface MlxWriting {
  readonly checkpoint: ReadableCheckpoint
  readonly gpu: GpuConversion | undefined // needed for converted members
  /** Takes bytes of a tensor, from byte `at` of it on, until what it returns is awaited. */
  readonly write: (tensor: ShardTensor, at: number, bytes: Bytes | Promise<Bytes>) => void
}

/** Bytes of converted rows that are read back together. */
export const RESULT_BYTES = 8 * 2 ** 20

/** Creates the writers of some modules and vectors. They throw `bad_file` for numbers that are not finite. */
export function mlxWriters(
  writing: MlxWriting,
  modules: readonly ModuleTensors[],
  vectors: readonly VectorTensor[],
): Pick<ModelWriters, 'scalesOf' | 'rest'> {
  const rest: ModelWriters['rest'] = new Map()
  const scalesOf: ModelWriters['scalesOf'] = new Map()
  for (const tensors of modules) {
    for (const [index, member] of tensors.module.members.entries()) {
      const { rows, scales } = memberWriters(writing, member, memberSink(writing, tensors, index))
      for (const [entry, writer] of rows) {
        rest.set(entry, writer)
        if (scales) scalesOf.set(entry, scales)
      }
    }
  }
  for (const { vector, tensor } of vectors) {
    const write: WritePart = (at, bytes) => writing.write(tensor, at, bytes)
    rest.set(vector.entry, floatWriter(vector.entry, write))
  }
  return { rest, scalesOf }
}

type WritePart = (at: number, bytes: Bytes | Promise<Bytes>) => void

/** Takes what one member has in the tensors of its module. */
interface MemberSink {
  readonly rowBytes: number // of the weight
  readonly scaleBytes: number // of the scales of a row
  readonly weight: WritePart
  readonly scales: (at: number, both: MlxScales | Promise<MlxScales>) => void
}

function memberSink(
  { write }: MlxWriting,
  { module: { members }, weight, scales, biases }: ModuleTensors,
  index: number,
): MemberSink {
  const rows = members[0]?.matrix.storedLayout.rows ?? 0
  const bytesOf = (tensor: ShardTensor) => tensor.bytes / members.length
  return {
    rowBytes: bytesOf(weight) / rows,
    scaleBytes: scales ? bytesOf(scales) / rows : 0,
    weight: (at, bytes) => write(weight, index * bytesOf(weight) + at, bytes),
    scales: (at, both) => {
      for (const [part, tensor] of Object.entries({ scales, biases })) {
        if (!tensor) continue
        const bytes = Promise.resolve(both).then((all) => (part === 'scales' ? all.scales : all.biases))
        write(tensor, index * bytesOf(tensor) + at, bytes)
      }
    },
  }
}

interface MemberWriters {
  readonly rows: readonly TensorWriting[]
  readonly scales?: readonly TensorWriting[] // that must be written before the rows
}

function memberWriters(writing: MlxWriting, member: MlxMember, sink: MemberSink): MemberWriters {
  switch (member.kind) {
    case 'float': {
      const { weight } = member.matrix
      return { rows: [[weight, floatWriter(weight, sink.weight)]] }
    }
    case 'packed':
      return { rows: packedWritings(member, sink) }
    case 'integer': {
      const { matrix, layout, form } = member
      const format = matrix.bits > 4 ? 'a8' : 'a4'
      const { integerStreams } = expectDefined(writing.checkpoint.integers, 'the readers of integer codes')
      const rows = integerStreams(matrix, layout, {
        onCodes: sink.weight,
        onScales: ({ buffer }) => sink.scales(0, mlxScales(format, form.dtype, new Uint8Array(buffer))),
      })
      return { rows }
    }
    case 'converted':
      return convertedWriters(expectDefined(writing.gpu, 'a GPU'), member, sink)
    default:
      return assertNever(member, 'kind of member')
  }
}

function packedWritings(
  { matrix: { weight, scale }, format, form: { dtype } }: Extract<MlxMember, { kind: 'packed' }>,
  sink: MemberSink,
): readonly TensorWriting[] {
  const { maxPower: power, offset } = expectDefined(FORMATS[format].scale, 'scales')
  const elementBytes = dtype === 'F32' ? 4 : 2
  return [
    [weight, sliceWriter((at, bytes) => sink.weight(at, mlxCodes(format, bytes)))],
    [
      scale,
      sliceWriter((at, bytes) => {
        checkScaleLimit(scale, bytes, { type: dtype, first: at / elementBytes, power })
        sink.scales(offset ? at / 2 : at, mlxScales(format, dtype, bytes))
      }),
    ],
  ]
}

/** Passes floats on as they are, but F64 as F32. Throws `bad_file` for what is not finite. */
function floatWriter(entry: TensorEntry, write: WritePart): TensorWriter {
  const stored = expectDtype(entry, VECTOR_DTYPES)
  if (stored === 'F64') return f64Rounder(floatWriter({ ...entry, dtype: 'F32' }, write))
  const elementBytes = stored === 'F32' ? 4 : 2
  return sliceWriter((at, bytes) => {
    checkFinite(entry, stored, bytes, at / elementBytes)
    write(at, bytes)
  })
}

/** The GPU converts the rows, which are read back as soon as they are there. */
function convertedWriters(
  { device, converter, result: { buffer } }: GpuConversion,
  { matrix, layout }: Extract<MlxMember, { kind: 'converted' }>,
  sink: MemberSink,
): MemberWriters {
  const { format } = layout
  const placements = splitMatrix(layout, RESULT_BYTES).map((part) => {
    const onFilled = () => {
      const read = readBuffer(device, buffer, part.bytes).then((bytes) => new Uint8Array(bytes))
      const at = part.firstRow
      sink.weight(
        at * sink.rowBytes,
        read.then((bytes) => convertedRows(layout, part, bytes)),
      )
      if (!isCodeFormat(format)) return
      sink.scales(
        at * sink.scaleBytes,
        read.then((bytes) => convertedScales(format, layout, part, bytes)),
      )
    }
    return { part, buffer, offset: 0, onFilled }
  })
  return converter.createWriters(matrix, { layout, start: 0, placements })
}

function convertedRows({ format, cols, stride }: MatrixLayout, { rows }: PartLayout, bytes: Bytes): Bytes {
  const padded = bytes.subarray(0, rows * stride * 16)
  return isCodeFormat(format) ? mlxCodes(format, padded) : withoutPadding(padded, stride * 16, cols * 4)
}

/** The scales of a part in a format that weights are quantized to: BF16, without offsets. */
function convertedScales(
  format: CodeFormat,
  { cols, block, scaleStride }: MatrixLayout,
  { rows, scales }: PartLayout,
  bytes: Bytes,
): MlxScales {
  const padded = bytes.subarray(scales * 4, (scales + rows * scaleStride) * 4)
  return mlxScales(format, 'BF16', withoutPadding(padded, scaleStride * 4, (cols / block.cols) * 2))
}
