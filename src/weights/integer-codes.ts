// Turns rows of integer codes, packed as bit streams, into the rows of codes that kernels read.
import { FORMATS } from '../gpu/formats.ts'
import { CHUNK, type MatrixLayout, padTo } from '../gpu/matrix.ts'
import { asWords } from '../lib/words.ts'
import { INTEGER_PACKINGS, unpackCodes } from './integer-packing.ts'
import { integerSizes } from './integer-scales.ts'
import type { IntegerMatrix } from './stored-matrix.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Bytes of a row as a bit stream. */
export function streamBytes(matrix: IntegerMatrix): number {
  const { cols, bits } = integerSizes(matrix)
  return matrix.order === 'bytes' ? cols : 4 * Math.ceil((cols * bits) / 32)
}

/** The whole tensor of codes, as stored → rows of bit streams. */
export function integerRows(matrix: IntegerMatrix, stored: Bytes): Bytes {
  const { toRows } = INTEGER_PACKINGS[matrix.order]
  return toRows ? new Uint8Array(toRows(asWords(stored), integerSizes(matrix)).buffer) : stored
}

/** Rows of bit streams → codes from 0, one byte each [rows, cols]. */
export function integerCodes(matrix: IntegerMatrix, rows: Bytes): Uint8Array {
  const { cols, bits } = integerSizes(matrix)
  const rowBytes = streamBytes(matrix)
  const count = rows.length / rowBytes
  const codes = new Uint8Array(count * cols)
  for (let row = 0; row < count; row++)
    unpackCodes(rows, row * rowBytes, bits, codes.subarray(row * cols, (row + 1) * cols))
  return INTEGER_PACKINGS[matrix.order].signed ? flip(codes, 1 << (bits - 1)) : codes
}

/**
 * Encodes rows of bit streams as rows of a layout: one code a byte, or two as in shaders/weights/q4.wgsl.
 * Formats with offsets have codes from 0; in the others, which hold symmetric codes, they are signed. Columns
 * beyond the last are zero.
 */
export function integerRowEncoder(matrix: IntegerMatrix, layout: MatrixLayout): (rows: Bytes) => Bytes {
  const { cols, bits } = integerSizes(matrix)
  const { bits: formatBits, scale } = FORMATS[layout.format]
  const rowBytes = streamBytes(matrix)
  const signed = INTEGER_PACKINGS[matrix.order].signed ?? false
  const flipped = signed !== !scale?.offset ? 1 << (bits - 1) : 0
  const isNibbles = formatBits === 4
  if (bits === formatBits && cols % (isNibbles ? 2 * CHUNK : CHUNK) === 0)
    return (rows) => (isNibbles ? interleaveNibbles(rows, flipped) : flip(rows, flipped))
  return (rows) => {
    const count = rows.length / rowBytes
    const width = padTo(cols, isNibbles ? 2 * CHUNK : CHUNK)
    const codes = new Uint8Array(count * width)
    for (let row = 0; row < count; row++) {
      const own = codes.subarray(row * width, row * width + cols)
      unpackCodes(rows, row * rowBytes, bits, own)
      if (flipped) for (let i = 0; i < cols; i++) own[i] = (own[i] ?? 0) ^ flipped
    }
    return isNibbles ? joinNibbles(codes) : codes
  }
}

/** Codes with these bits inverted; a copy if there are any. */
function flip<T extends Uint8Array>(codes: T, bits: number): T | Uint8Array<ArrayBuffer> {
  return bits === 0 ? codes : Uint8Array.from(codes, (code) => code ^ bits)
}

/** Columns 2i and 2i + 1 in a byte → in each 16 bytes, column i below column 16 + i, bits inverted. */
function interleaveNibbles(rows: Bytes, inverted: number): Bytes {
  const words = asWords(rows)
  const mask = inverted * 0x11111111
  const result = new Uint32Array(words.length)
  for (let i = 0; i < words.length; i += 4) {
    for (let half = 0; half < 2; half++) {
      const low = words[i + half] ?? 0
      const high = words[i + 2 + half] ?? 0
      const at = i + 2 * half
      result[at] = (spread(low & 0xffff) | (spread(high & 0xffff) << 4)) ^ mask
      result[at + 1] = (spread(low >>> 16) | (spread(high >>> 16) << 4)) ^ mask
    }
  }
  return new Uint8Array(result.buffer)
}

/** Four nibbles → four bytes. */
function spread(nibbles: number): number {
  const pairs = (nibbles | (nibbles << 8)) & 0x00ff00ff
  return (pairs | (pairs << 4)) & 0x0f0f0f0f
}

/** One code a byte, whole runs of 32 → as `interleaveNibbles` has them. */
function joinNibbles(codes: Bytes): Bytes {
  const words = asWords(codes)
  const joined = new Uint32Array(words.length / 2)
  for (let i = 0; i < joined.length; i++) {
    const from = 2 * i - (i & 3)
    joined[i] = (words[from] ?? 0) | ((words[from + 4] ?? 0) << 4)
  }
  return new Uint8Array(joined.buffer)
}
