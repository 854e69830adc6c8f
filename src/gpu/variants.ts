// Kernel variants: which ones a device can run, which it gets, and why. All variants of a decision compute
// the same result.
import { DECODED_FORMATS, type DecodedFormat, type Decoder, FORMATS } from './formats.ts'
import { matricesText, type SubgroupMatrices } from './subgroup-matrices.ts'

/** The device properties that the choice of variants depends on. */
export interface VariantFacts {
  readonly f16: boolean
  readonly subgroups: boolean
  readonly subgroupSize: number // of the smallest subgroup; 0 without subgroups or if not reported
  readonly subgroupMatrices: SubgroupMatrices | undefined // undefined: none that tiles can use
  readonly software: boolean // runs on the CPU: arithmetic and barriers cost more than memory accesses
}

/** How a tile shares inputs: through workgroup memory, or by broadcasts within subgroups of 4 or 8. */
export type TileVariant = 'workgroup' | 'broadcast4' | 'broadcast8'

/** How decode decodes each weight format. */
type DecoderVariants = { readonly [F in DecodedFormat]: Decoder<F> }

/** One variant for each decision. */
export interface Variants extends DecoderVariants {
  /**
   * Matrix-vector products of decode: 8, 16 or 32 neighbouring invocations per row, 16 rows per single
   * invocation, or 64 rows per subgroup of 4 or 8.
   */
  readonly matvec: 'lanes8' | 'lanes16' | 'lanes32' | 'single' | 'subgroup4' | 'subgroup8'
  /** Tiles of the matrix products of prefill. */
  readonly matmul: TileVariant | 'subgroupMatrix'
  /** Tiles of the matrix products of prefill in f16 precision. */
  readonly f16Tiles: 'plain' | 'subgroupMatrix'
  /** Attention over the cache, in decode and in prefill. */
  readonly attention: TileVariant
  /** Workgroup reductions. */
  readonly reduce: 'plain' | 'subgroup'
  /** Expert banks bound per dispatch of decode. */
  readonly banks: 1 | 4
}

/** A choice between variants, such as `matvec`. */
export type Decision = keyof Variants
export type VariantLists = { readonly [D in keyof Variants]: readonly Variants[D][] }

/** A value for each format with several decoders. */
const perFormat = <T>(choose: (format: DecodedFormat) => unknown): T =>
  Object.fromEntries(DECODED_FORMATS.map((format) => [format, choose(format)])) as T

/** The variants that are correct on any conforming device; the others are checked against them. */
export const PLAIN_VARIANTS: Variants = {
  matvec: 'lanes8',
  matmul: 'workgroup',
  f16Tiles: 'plain',
  attention: 'workgroup',
  reduce: 'plain',
  ...perFormat<DecoderVariants>(() => 'plain'),
  banks: 4,
}

/** The variants for subgroups of at least 4 or 8 invocations. */
const BROADCAST = { 4: 'broadcast4', 8: 'broadcast8' } as const
const SUBGROUP_MATVEC = { 4: 'subgroup4', 8: 'subgroup8' } as const

type DecoderLists = { readonly [F in DecodedFormat]: readonly Decoder<F>[] }

/** All variants that a device can run, the plain one first. */
export function possibleVariants({ subgroups, subgroupSize, subgroupMatrices }: VariantFacts): VariantLists {
  const sizes = ([4, 8] as const).filter((size) => subgroupSize >= size)
  const tiles: readonly TileVariant[] = ['workgroup', ...sizes.map((size) => BROADCAST[size])]
  return {
    matvec: ['lanes8', 'lanes16', 'lanes32', 'single', ...sizes.map((size) => SUBGROUP_MATVEC[size])],
    matmul: hasF32Matrices(subgroupMatrices) ? [...tiles, 'subgroupMatrix'] : tiles,
    f16Tiles: subgroupMatrices ? ['plain', 'subgroupMatrix'] : ['plain'],
    attention: tiles,
    reduce: subgroups ? ['plain', 'subgroup'] : ['plain'],
    ...perFormat<DecoderLists>((format) => Object.keys(FORMATS[format].decoders ?? {})),
    banks: [4, 1],
  }
}

const hasF32Matrices = (matrices: SubgroupMatrices | undefined): boolean =>
  matrices?.shapes.some(({ factors }) => factors === 'f32') ?? false

/** A variant and the reason for it. */
export interface VariantChoice<V> {
  readonly variant: V
  readonly why: string
}

/** The variants of a device on which nothing was measured, with reasons (figures: PERFORMANCE.md). */
export function explainVariants(facts: VariantFacts): {
  readonly [D in keyof Variants]: VariantChoice<Variants[D]>
} {
  const reduce: VariantChoice<Variants['reduce']> = facts.subgroups
    ? { variant: 'subgroup', why: 'Subgroup operations need no barriers.' }
    : { variant: 'plain', why: 'The device has no subgroups.' }
  if (!facts.software) {
    const tiles = { variant: 'workgroup', why: 'GPUs share loads best through workgroup memory.' } as const
    const matrices = {
      variant: 'subgroupMatrix',
      why: `The device has matrix units: ${matricesText(facts.subgroupMatrices)}.`,
    } as const
    const plain = {
      variant: 'plain',
      why: 'GPUs have a single instruction for each step of the plain decoder.',
    } as const
    return {
      matvec: {
        variant: 'lanes8',
        why: 'On a GPU, neighbouring invocations should read neighbouring words of a row.',
      },
      matmul: hasF32Matrices(facts.subgroupMatrices) ? matrices : tiles,
      f16Tiles: facts.subgroupMatrices
        ? matrices
        : { variant: 'plain', why: 'The device reports no subgroup matrices of a known shape.' },
      attention: tiles,
      reduce,
      ...perFormat<DecoderChoices>(() => plain),
      banks: { variant: 4, why: 'A GPU only reads the buffer that a shader selects.' },
    }
  }
  const tiles = softwareTiles(facts)
  return {
    matvec: softwareMatvec(facts),
    matmul: tiles,
    f16Tiles: { variant: 'plain', why: 'CPU adapters have no matrix units.' },
    attention: tiles,
    reduce,
    ...perFormat<DecoderChoices>((format) => softwareDecoder(format, facts)),
    banks: { variant: 1, why: 'A CPU adapter reads all buffers that a shader can select.' },
  }
}

type DecoderChoices = { readonly [F in DecodedFormat]: VariantChoice<Decoder<F>> }

function softwareDecoder(format: DecodedFormat, { f16 }: VariantFacts): VariantChoice<string> {
  // lavapipe has vector shifts; f16 support distinguishes it from SwiftShader.
  const integers = f16
    ? { variant: 'mantissa', why: 'On this CPU adapter, bit operations are faster than number conversions.' }
    : {
        variant: 'unorm',
        why: 'On this CPU adapter, unpacking four codes at once is faster than shifting them.',
      }
  const floats = { variant: 'f16', why: 'A CPU decodes two FP8 codes at once by way of f16.' }
  const has = ({ variant }: VariantChoice<string>) => variant in (FORMATS[format].decoders ?? {})
  return [integers, floats].find(has) ?? { variant: 'plain', why: 'No other decoder is faster on CPUs.' }
}

/** Subgroup size that CPU variants use; undefined without subgroups of four or more. */
const softwareSubgroupSize = ({ subgroupSize }: VariantFacts): 4 | 8 | undefined =>
  subgroupSize >= 8 ? 8 : subgroupSize >= 4 ? 4 : undefined

const NO_SUBGROUPS = 'The CPU adapter reports no subgroups of four or more.'

function softwareMatvec(facts: VariantFacts): VariantChoice<Variants['matvec']> {
  const size = softwareSubgroupSize(facts)
  if (!size) return { variant: 'single', why: NO_SUBGROUPS }
  return {
    variant: SUBGROUP_MATVEC[size],
    why:
      `A CPU gathers at every load; ${size} invocations side by side read a row in order, ` +
      'with inputs for 64 rows.',
  }
}

function softwareTiles(facts: VariantFacts): VariantChoice<TileVariant> {
  const size = softwareSubgroupSize(facts)
  if (!size) return { variant: 'workgroup', why: NO_SUBGROUPS }
  return {
    variant: BROADCAST[size],
    why: `On a CPU every load is a gather; ${size} invocations load for each other instead.`,
  }
}

/** The variants of a device on which nothing was measured. */
export function chooseVariants(facts: VariantFacts): Variants {
  const chosen = Object.entries(explainVariants(facts)).map(([decision, { variant }]) => [decision, variant])
  return Object.fromEntries(chosen) as Variants
}
