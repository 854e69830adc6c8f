// The writers that turn stored tensors into those of MLX: bytes arrive in slices and leave with their place.
import type { Allocation } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import { FORMATS } from '../../gpu/formats.ts'
import { type MatrixLayout, type PartLayout, splitMatrix } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { expectDefined } from '../../lib/error.ts'
import { checkFinite, checkScaleLimit } from '../../weights/finite.ts'
import { integerRows } from '../../weights/integer-codes.ts'
import { INTEGER_PACKINGS } from '../../weights/integer-packing.ts'
import { integerScaleWords } from '../../weights/integer-scales.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import { isCodeFormat, type MlxScales, mlxCodes, mlxScales } from '../../weights/mlx-codes.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { ShardTensor } from '../../weights/shards.ts'
import { besideCodes } from '../../weights/stored-writers.ts'
import {
  f64Rounder,
  gatheringWriters,
  type TensorWriter,
  withoutPadding,
} from '../../weights/tensor-writer.ts'
import type { ModelWriters } from '../load/allocate-weights.ts'
import type { Converter } from '../load/convert.ts'
import type { ModuleTensors, VectorTensor } from './mlx-layout.ts'
import type { MlxMember } from './mlx-modules.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Takes bytes of a tensor, from byte `at` of it on. */
export type WriteTensor = (tensor: ShardTensor, at: number, bytes: Bytes | Promise<Bytes>) => void

/** Converts matrices on the GPU, and the buffer that holds what it converted. */
export interface GpuConversion {
  readonly device: Device
  readonly converter: Converter
  readonly result: Allocation
}

/** Bytes of converted rows that are read back together. */
export const RESULT_BYTES = 8 * 2 ** 20

/** Adds the writers of a module. */
export function addModule(
  writers: ModelWriters,
  tensors: ModuleTensors,
  write: WriteTensor,
  gpu: () => GpuConversion,
): void {
  for (const [index, member] of tensors.module.members.entries()) {
    const own = memberTensors(tensors, index, write)
    if (member.kind === 'converted') addConversion(writers, member, own, gpu())
    else for (const [entry, writer] of writersOf(member, own)) writers.rest.set(entry, writer)
  }
}

/** Adds the writer of a vector. */
export function addVector(writers: ModelWriters, { vector, tensor }: VectorTensor, write: WriteTensor): void {
  writers.rest.set(
    vector.entry,
    floatWriter(vector.entry, (at, bytes) => write(tensor, at, bytes)),
  )
}

type WritePart = (at: number, bytes: Bytes | Promise<Bytes>) => void

/** The ranges that one member has in the tensors of its module, and what writes them. */
interface MemberTensors {
  readonly rowBytes: number // of the weight
  readonly groupBytes: number // scales of a row
  readonly weight: WritePart
  readonly scales: (at: number, written: MlxScales | Promise<MlxScales>) => void
}

function memberTensors({ module, weight, scales, biases }: ModuleTensors, index: number, write: WriteTensor) {
  const { members } = module
  const rows = members[0]?.matrix.storedLayout.rows ?? 0
  const bytesOf = (tensor: ShardTensor) => tensor.bytes / members.length
  const parts: MemberTensors = {
    rowBytes: bytesOf(weight) / rows,
    groupBytes: scales ? bytesOf(scales) / rows : 0,
    weight: (at, bytes) => write(weight, index * bytesOf(weight) + at, bytes),
    scales: (at, written) => {
      if (!scales || !biases) return
      const start = index * bytesOf(scales) + at
      const both = Promise.resolve(written)
      write(
        scales,
        start,
        both.then((bytes) => bytes.scales),
      )
      write(
        biases,
        start,
        both.then((bytes) => bytes.biases),
      )
    },
  }
  return parts
}

/** The writers of a member that needs no GPU. */
function writersOf(
  member: Exclude<MlxMember, { kind: 'converted' }>,
  own: MemberTensors,
): (readonly [TensorEntry, TensorWriter])[] {
  switch (member.kind) {
    case 'float':
      return [[member.matrix.weight, floatWriter(member.matrix.weight, own.weight)]]
    case 'packed':
      return packedWriters(member, own)
    case 'integer':
      return integerWriters(member, own)
  }
}

function packedWriters({ matrix, format, form }: Extract<MlxMember, { kind: 'packed' }>, own: MemberTensors) {
  const { weight, scale } = matrix
  const { dtype } = form
  const power = expectDefined(FORMATS[format].scale, 'scales').maxPower
  const scaleBytes = dtype === 'F32' ? 4 : 2
  const halves = FORMATS[format].scale?.offset ? 2 : 1
  return [
    [weight, sliceWriter((at, bytes) => own.weight(at, mlxCodes(format, bytes)))],
    [
      scale,
      sliceWriter((at, bytes) => {
        checkScaleLimit(scale, bytes, { type: dtype, first: at / scaleBytes, power })
        own.scales(at / halves, mlxScales(format, dtype, bytes.slice()))
      }),
    ],
  ] as const satisfies (readonly [TensorEntry, TensorWriter])[]
}

/** Integer codes of other tools: their rows are the bit streams that MLX has, once in order. */
function integerWriters(
  { matrix, layout, form }: Extract<MlxMember, { kind: 'integer' }>,
  own: MemberTensors,
) {
  const { signed, toRows } = INTEGER_PACKINGS[matrix.order]
  const middle = 1 << (matrix.bits - 1)
  const unsigned = (bytes: Bytes) => (signed ? bytes.map((code) => code ^ middle) : bytes)
  const format = matrix.bits > 4 ? 'a8' : 'a4'
  const scales = besideCodes(matrix, (stored) => {
    const words = integerScaleWords(matrix, layout, stored)
    own.scales(0, mlxScales(format, form.dtype, new Uint8Array(words.buffer)))
  })
  if (toRows) {
    const codes = gatheringWriters([matrix.codes], ([bytes = new Uint8Array()]) => {
      own.weight(0, integerRows(matrix, bytes))
    })
    return [...codes, ...scales]
  }
  return [[matrix.codes, sliceWriter((at, bytes) => own.weight(at, unsigned(bytes)))] as const, ...scales]
}

/** Passes slices on with their place. They may be used until the next one comes. */
function sliceWriter(onSlice: (at: number, bytes: Bytes) => void): TensorWriter {
  let at = 0
  return {
    push(bytes) {
      onSlice(at, bytes)
      at += bytes.length
    },
    end() {},
  }
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

/** Adds the writers of a matrix that the GPU converts. Its rows are read back as soon as they are there. */
function addConversion(
  { rest, scalesOf }: ModelWriters,
  { matrix, layout }: Extract<MlxMember, { kind: 'converted' }>,
  own: MemberTensors,
  { device, converter, result: { buffer } }: GpuConversion,
): void {
  const placements = splitMatrix(layout, RESULT_BYTES).map((part) => {
    const onFilled = () => {
      const read = readBuffer(device, buffer, part.bytes).then((bytes) => new Uint8Array(bytes))
      own.weight(
        part.firstRow * own.rowBytes,
        read.then((bytes) => weightOf(layout, part, bytes)),
      )
      if (isCodeFormat(layout.format))
        own.scales(
          part.firstRow * own.groupBytes,
          read.then((bytes) => scalesOfPart(layout, part, bytes)),
        )
    }
    return { part, buffer, offset: 0, onFilled }
  })
  const { rows, scales } = converter.createWriters(matrix, { layout, start: 0, placements })
  for (const [entry, writer] of rows) {
    rest.set(entry, writer)
    scalesOf.set(entry, scales)
  }
}

/** The rows of a converted part, as MLX has them. */
function weightOf({ format, cols, stride }: MatrixLayout, { rows }: PartLayout, bytes: Bytes): Bytes {
  const padded = bytes.subarray(0, rows * stride * 16)
  return isCodeFormat(format) ? mlxCodes(format, padded) : withoutPadding(padded, stride * 16, cols * 4)
}

function scalesOfPart(layout: MatrixLayout, { rows, scales }: PartLayout, bytes: Bytes): MlxScales {
  const { format, cols, block, scaleStride } = layout
  const dtype = block.dtype ?? 'BF16'
  const lines = bytes.subarray(scales * 4, scales * 4 + rows * scaleStride * 4)
  const own = withoutPadding(lines, scaleStride * 4, (cols / block.cols) * 2)
  return mlxScales(isCodeFormat(format) ? format : 'q8', dtype, own)
}
