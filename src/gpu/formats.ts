// Storage formats of weights on the GPU, one row each. Whatever depends on a format reads its row.

/** Size of the block of weights that shares one scale. */
export interface BlockShape {
  readonly rows: number
  readonly cols: number
}

/** Safetensors types of codes. I8 and U8 hold integers: unsigned in formats with offsets, else signed. */
type CodeDtype = 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'I8' | 'U8'

/** Types of scales, in files and on the GPU (shared/block_scale, group_scale and affine_scale). */
export type ScaleDtype = 'F32' | 'BF16' | 'F16'

/** SCALE_TYPE of shaders/shared/matrix. */
export const SCALE_TYPES: Readonly<Record<ScaleDtype, number>> = { BF16: 0, F16: 1, F32: 2 }

/** A block of weights; in formats with offsets also the type of scale and offset, which the file decides. */
export interface ScaleBlock extends BlockShape {
  readonly dtype?: ScaleDtype
}

interface FormatScale {
  readonly dtype: Exclude<ScaleDtype, 'F16'>
  readonly block: BlockShape
  readonly offset?: true // weight = scale * code + offset; both lie together, in the type of the file
  readonly blockFromFile?: true // the model file may define another block
  readonly maxPower: number // scales of 2^this and more would overflow to infinity with the largest code
}

/** Weights can be quantized to the format; shaders/quantize/encode_<format> does that. */
interface QuantizationTarget<Name = string> {
  readonly name: Name // in options and on the command line
  readonly label: string // on the page
  readonly block?: BlockShape // where the format leaves it open
  readonly precise?: Name // quantization of the classes whose errors matter most; default: this one
  readonly error: number // relative RMS error of normally distributed weights, measured
}

/** Turns random words into codes. */
interface RandomCodes {
  /**
   * Any sign and mantissa, but one exponent per row, so that small numbers are not lost among large ones.
   * @param row 0 to 15; together these rows hold every code of 8 bits
   */
  readonly check: (word: number, row: number) => number
  /** Finite values of moderate size. */
  readonly bench: (word: number) => number
}

interface FormatRow<Name = string> {
  readonly label: string
  readonly bits: number // of one code
  readonly dtype: CodeDtype // of codes in files
  readonly published?: true // models of others are stored like this; without it, only Hadal's packed folders
  readonly scale?: FormatScale
  readonly pairScales?: true // one load has the scales of two pairs of chunks: `pair_affines`
  readonly int8Codes?: true // shaders/weights/<format>_int8 reads codes as 8-bit integers
  /** Decoders and their labels: shaders/weights/<format> is `plain`, <format>_<decoder> any other. */
  readonly decoders?: Readonly<Record<string, string>>
  readonly quantization?: QuantizationTarget<Name>
  readonly random: RandomCodes
}

const GROUP: BlockShape = { rows: 1, cols: 32 }
const AFFINE = { dtype: 'BF16', block: { rows: 1, cols: 64 }, offset: true, blockFromFile: true } as const
const ANY_CODES: RandomCodes = { check: (word) => word, bench: (word) => word }
const PLAIN_AND_UNORM = { plain: 'shifted, then converted', unorm: 'unpacked four at once' } as const
const INTEGER_DECODERS = { ...PLAIN_AND_UNORM, mantissa: 'moved into the mantissa of f32' } as const

/** Formats that can be quantized to are ordered by precision: `auto` tries the first of them first. */
const ROWS = {
  f32: {
    label: 'F32',
    bits: 32,
    dtype: 'F32',
    published: true,
    random: {
      check: (word, row) => (word & 0x807fffff) | (0x38000000 + (row << 23)),
      // Biased exponents 120 to 123 (f32, bf16: bias 127) and 8 to 11 (f16: bias 15): 2^-7 to 2^-3.
      bench: (word) => (word & 0x81ffffff) | 0x3c000000,
    },
  },
  f16: {
    label: 'F16',
    bits: 16,
    dtype: 'F16',
    published: true,
    random: {
      // No subnormals, because kernels may flush them to zero.
      check: (word, row) => (word & 0x83ff83ff) | (Math.max(row, 1) * 0x400 * 0x10001),
      bench: (word) => (word & 0x8fff8fff) | 0x20002000,
    },
  },
  bf16: {
    label: 'BF16',
    bits: 16,
    dtype: 'BF16',
    published: true,
    random: {
      check: (word, row) => (word & 0x807f807f) | ((0x3800 + row * 0x80) * 0x10001),
      bench: (word) => (word & 0x81ff81ff) | 0x3c003c00,
    },
  },
  fp8_block: {
    label: 'FP8',
    bits: 8,
    dtype: 'F8_E4M3',
    published: true,
    scale: { dtype: 'F32', block: { rows: 128, cols: 128 }, blockFromFile: true, maxPower: 119 }, // 448
    decoders: { plain: 'bit by bit', f16: 'through f16' },
    quantization: {
      name: 'fp8',
      label: '8-bit floating point (fp8)',
      block: { rows: 1, cols: 128 },
      error: 0.027,
    },
    random: {
      // With the largest exponent only even codes: one of the odd ones is NaN.
      check: (word, row) =>
        ((word & 0x87878787) | ((row << 3) * 0x01010101)) & (row === 15 ? ~0x01010101 : -1),
      // 0x7f and 0xff are NaN; clearing the lowest bit gives the largest finite values.
      bench: (word) => (word & ~(((word & 0x7f7f7f7f) + 0x01010101) >>> 7)) | (word & 0xfefefefe),
    },
  },
  q8: {
    label: 'q8',
    bits: 8,
    dtype: 'I8',
    scale: { dtype: 'BF16', block: GROUP, maxPower: 121 }, // 2^7
    pairScales: true,
    int8Codes: true,
    decoders: INTEGER_DECODERS,
    quantization: { name: 'q8', label: '8-bit (q8)', error: 0.0053 },
    random: ANY_CODES,
  },
  q4: {
    label: 'q4',
    bits: 4,
    dtype: 'U8', // in the order of shaders/weights/q4.wgsl
    scale: { dtype: 'BF16', block: GROUP, maxPower: 125 }, // 2^3
    pairScales: true,
    int8Codes: true,
    decoders: INTEGER_DECODERS,
    quantization: { name: 'q4', label: '4-bit (q4)', precise: 'q8', error: 0.081 },
    random: ANY_CODES,
  },
  a8: {
    label: '8-bit affine',
    bits: 8,
    dtype: 'U8',
    scale: { ...AFFINE, maxPower: 119 }, // 2^8, and room for the offset
    pairScales: true,
    int8Codes: true,
    // In the mantissa a code is 256 more: next to codes of 2 or 3 bits that would cost digits of the sums.
    decoders: PLAIN_AND_UNORM,
    random: ANY_CODES,
  },
  a4: {
    label: '4-bit affine',
    bits: 4,
    dtype: 'U8', // in the order of shaders/weights/q4.wgsl
    scale: { ...AFFINE, maxPower: 123 }, // 2^4, and room for the offset
    pairScales: true,
    int8Codes: true,
    decoders: INTEGER_DECODERS,
    random: ANY_CODES,
  },
} as const satisfies Record<string, FormatRow>

type Rows = typeof ROWS

export type StorageFormat = keyof Rows

/** Formats with several decoders. Each is a decision of `Variants`. */
export type DecodedFormat = {
  [F in StorageFormat]: Rows[F] extends { readonly decoders: unknown } ? F : never
}[StorageFormat]

/** The decoders of a format. */
export type Decoder<F extends DecodedFormat> = Extract<keyof Rows[F]['decoders'], string>

/** Names of the formats that weights can be quantized to. */
export type Quantization = {
  [F in StorageFormat]: Rows[F] extends { readonly quantization: { readonly name: infer N } } ? N : never
}[StorageFormat]

export const FORMATS: Readonly<Record<StorageFormat, FormatRow<Quantization>>> = ROWS

/** Whether codes of this type are floats. */
export const isFloatDtype = (dtype: CodeDtype): dtype is Exclude<CodeDtype, 'I8' | 'U8'> =>
  dtype !== 'I8' && dtype !== 'U8'

export const STORAGE_FORMATS = Object.keys(ROWS) as readonly StorageFormat[]

export const hasDecoders = (format: StorageFormat): format is DecodedFormat =>
  FORMATS[format].decoders !== undefined

export const DECODED_FORMATS: readonly DecodedFormat[] = STORAGE_FORMATS.filter(hasDecoders)

/** What weights can be quantized to, most precise first. */
export const QUANTIZATION_TARGETS = Object.fromEntries(
  STORAGE_FORMATS.flatMap((format) => {
    const { quantization } = FORMATS[format]
    return quantization ? [[quantization.name, { format, ...quantization }]] : []
  }),
) as Readonly<Record<Quantization, QuantizationTarget<Quantization> & { readonly format: StorageFormat }>>

/** The shader module that reads a format with one of its decoders. */
export const weightModule = (format: StorageFormat, decoder = 'plain'): string =>
  decoder === 'plain' ? `weights/${format}` : `weights/${format}_${decoder}`

/** Every shader module that decodes a format into floats, the plain one first. */
export const weightModules = (format: StorageFormat): readonly string[] =>
  Object.keys(FORMATS[format].decoders ?? { plain: '' }).map((decoder) => weightModule(format, decoder))

/** The shader module that writes a format: f32, or one that weights can be quantized to. */
export const encoderModule = (format: StorageFormat): string => `quantize/encode_${format}`

/** The format that a shader module reads. */
export const formatOfModule = (module: string): StorageFormat | undefined =>
  STORAGE_FORMATS.find((format) => [...weightModules(format), weightModule(format, 'int8')].includes(module))
