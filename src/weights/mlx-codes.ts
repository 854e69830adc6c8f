// Turns rows and scales as kernels read them into those of MLX: codes from 0 in the order of the columns.
import type { ScaleDtype, StorageFormat } from '../gpu/formats.ts'
import { HadalError } from '../lib/error.ts'
import { asHalves, asWords } from '../lib/words.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Formats of integer codes. In q8 and q4 they are signed, and an offset of -128 or -8 scales is implied. */
export type CodeFormat = Extract<StorageFormat, 'q8' | 'q4' | 'a8' | 'a4'>

export const isCodeFormat = (format: StorageFormat): format is CodeFormat => Object.hasOwn(CODES, format)

/** The weights of MLX's groups: 32, 64 or 128; rows must be whole groups. */
export const MLX_UNIT = 32

interface Codes {
  readonly bits: 4 | 8
  readonly middle?: number // the code of zero where codes are symmetric
}

const CODES: Readonly<Record<CodeFormat, Codes>> = {
  q8: { bits: 8, middle: 128 },
  q4: { bits: 4, middle: 8 },
  a8: { bits: 8 },
  a4: { bits: 4 },
}

export const bitsOf = (format: CodeFormat): number => CODES[format].bits

/** Rows of whole runs of 32 columns → MLX's words: one bit stream per row, from the low end. */
export function mlxCodes(format: CodeFormat, rows: Bytes): Bytes {
  const { bits, middle = 0 } = CODES[format]
  return bits === 4 ? orderNibbles(rows, middle) : rows.map((code) => code ^ middle)
}

/** In each 16 bytes, column i below column 16 + i → columns 2i and 2i + 1 in a byte, bits inverted. */
function orderNibbles(rows: Bytes, inverted: number): Bytes {
  const words = asWords(rows)
  const mask = inverted * 0x11111111
  const result = new Uint32Array(words.length)
  for (let i = 0; i < words.length; i += 4) {
    for (let half = 0; half < 2; half++) {
      const [first, second] = [words[i + 2 * half] ?? 0, words[i + 2 * half + 1] ?? 0]
      result[i + half] = (gather(first) | (gather(second) << 16)) ^ mask
      result[i + 2 + half] = (gather(first >>> 4) | (gather(second >>> 4) << 16)) ^ mask
    }
  }
  return new Uint8Array(result.buffer)
}

/** The low nibbles of four bytes → 16 bits. */
function gather(bytes: number): number {
  const nibbles = bytes & 0x0f0f0f0f
  const pairs = (nibbles | (nibbles >>> 4)) & 0x00ff00ff
  return (pairs | (pairs >>> 8)) & 0xffff
}

/** MLX's `scales` and `biases` of some groups, in order. */
export interface MlxScales {
  readonly scales: Bytes
  readonly biases: Bytes
}

/**
 * Scales of a format → those of MLX. In q8 and q4 they are BF16, and so are exactly -128 and -8 times them;
 * in a8 and a4 each is followed by its offset, in its own type. Throws `unsupported` for a scale whose offset
 * Hadal would not read again.
 */
export function mlxScales(format: CodeFormat, dtype: ScaleDtype, stored: Bytes): MlxScales {
  const { middle } = CODES[format]
  if (middle !== undefined) return { scales: stored, biases: symmetricBiases(stored, middle) }
  const elements = dtype === 'F32' ? asWords(stored) : asHalves(stored)
  const [scales, biases] = [elements.slice(0, elements.length / 2), elements.slice(0, elements.length / 2)]
  for (let i = 0; i < scales.length; i++) {
    scales[i] = elements[2 * i] ?? 0
    biases[i] = elements[2 * i + 1] ?? 0
  }
  return { scales: new Uint8Array(scales.buffer), biases: new Uint8Array(biases.buffer) }
}

/** What `integer-scales.ts` allows of an 8-bit scale with an offset. */
const MAX_SCALE = 2 ** 119

/** -middle times each BF16 number. */
function symmetricBiases(scales: Bytes, middle: number): Bytes {
  const halves = asHalves(scales)
  const [float, bits] = views()
  const biases = halves.map((half) => {
    bits[0] = half << 16
    const scale = float[0] ?? 0
    if (!(Math.abs(scale) < MAX_SCALE)) throw tooLarge(scale)
    float[0] = scale === 0 ? 0 : -middle * scale
    return (bits[0] ?? 0) >>> 16
  })
  return new Uint8Array(biases.buffer)
}

function views(): [Float32Array, Uint32Array] {
  const float = new Float32Array(1)
  return [float, new Uint32Array(float.buffer)]
}

const tooLarge = (scale: number): HadalError =>
  new HadalError('unsupported', `A group of weights has the scale ${scale}; its offset would overflow.`, {
    hint: 'Such weights are hardly what was meant. Check the original.',
  })
