// Kernel variants: which ones a device can run, which it gets, and why; all of a decision compute the same.

/** The device properties that the choice of variants depends on. */
export interface Facts {
  readonly f16: boolean
  readonly subgroups: boolean
  readonly subgroupSize: number // of the smallest subgroup; 0 without subgroups or if not reported
  readonly matrices: boolean // 8 × 8 subgroup matrices that multiply f16 into f32
  readonly software: boolean // runs on the CPU: arithmetic and barriers cost more than memory accesses
}

/** How a tile shares inputs: through workgroup memory, or by broadcasts within subgroups of 4 or 8. */
export type Sharing = 'workgroup' | 'spread_4' | 'spread_8'

/** Decoders of a weight format: shaders/weights/<format> is 'plain', <format>_<decoder> any other. */
export const READINGS = {
  fp8_block: ['plain', 'f16'],
  q8: ['plain', 'mantissa', 'unorm'],
  q4: ['plain', 'mantissa', 'unorm'],
} as const

type Decoder<F extends keyof typeof READINGS> = (typeof READINGS)[F][number]

/** One variant for each decision. */
export interface Variants {
  /**
   * Matrix-vector products of decode: 8, 16 or 32 neighbouring invocations per row, 16 rows per single
   * invocation, or 64 rows per subgroup of 4 or 8.
   */
  readonly rows: 'lanes_8' | 'lanes_16' | 'lanes_32' | 'alone' | 'columns_4' | 'columns_8'
  /** Tiles of the matrix products of prefill. */
  readonly products: Sharing
  /** Tiles of the matrix products of prefill in f16 precision. */
  readonly halves: 'plain' | 'matrix'
  /** Attention over the cache, in decode and in prefill. */
  readonly attention: Sharing
  /** Sums over a workgroup. */
  readonly reduce: 'plain' | 'subgroup'
  /** How decode decodes a weight format. */
  readonly fp8_block: Decoder<'fp8_block'>
  readonly q8: Decoder<'q8'>
  readonly q4: Decoder<'q4'>
  /** Expert banks bound per dispatch of decode. */
  readonly banks: 1 | 4
}

export type Decision = keyof Variants
export type VariantLists = { readonly [D in keyof Variants]: readonly Variants[D][] }

/** The variants that are correct on any conforming device; the others are checked against them. */
export const PLAIN: Variants = {
  rows: 'lanes_8',
  products: 'workgroup',
  halves: 'plain',
  attention: 'workgroup',
  reduce: 'plain',
  fp8_block: 'plain',
  q8: 'plain',
  q4: 'plain',
  banks: 4,
}

/** The variants for subgroups of at least 4 or 8 invocations. */
const BROADCAST = { 4: 'spread_4', 8: 'spread_8' } as const
const SUBGROUP_MATVEC = { 4: 'columns_4', 8: 'columns_8' } as const

/** All variants that a device can run, the plain one first. */
export function possibleVariants({ subgroups, subgroupSize, matrices }: Facts): VariantLists {
  const sizes = ([4, 8] as const).filter((size) => subgroupSize >= size)
  const tiles: readonly Sharing[] = ['workgroup', ...sizes.map((size) => BROADCAST[size])]
  return {
    rows: ['lanes_8', 'lanes_16', 'lanes_32', 'alone', ...sizes.map((size) => SUBGROUP_MATVEC[size])],
    products: tiles,
    halves: matrices ? ['plain', 'matrix'] : ['plain'],
    attention: tiles,
    reduce: subgroups ? ['plain', 'subgroup'] : ['plain'],
    ...READINGS,
    banks: [4, 1],
  }
}

/** A variant and the reason for it. */
export interface Choice<V> {
  readonly variant: V
  readonly why: string
}

/** The variants of a device on which nothing was measured, with reasons (figures: PERFORMANCE.md). */
export function explainVariants(facts: Facts): { readonly [D in keyof Variants]: Choice<Variants[D]> } {
  const reduce: Choice<Variants['reduce']> = facts.subgroups
    ? { variant: 'subgroup', why: 'Subgroup operations need no barriers.' }
    : { variant: 'plain', why: 'The device has no subgroups.' }
  if (!facts.software) {
    const tiles = { variant: 'workgroup', why: 'GPUs share loads best through workgroup memory.' } as const
    const plain = {
      variant: 'plain',
      why: 'GPUs have a single instruction for each step of the plain decoder.',
    } as const
    return {
      rows: {
        variant: 'lanes_8',
        why: 'On a GPU, neighbouring invocations should read neighbouring words of a row.',
      },
      products: tiles,
      halves: facts.matrices
        ? { variant: 'matrix', why: 'The device multiplies 8 × 8 subgroup matrices.' }
        : { variant: 'plain', why: 'The device reports no subgroup matrices.' },
      attention: tiles,
      reduce,
      fp8_block: plain,
      q8: plain,
      q4: plain,
      banks: { variant: 4, why: 'A GPU only reads the buffer that a shader selects.' },
    }
  }
  const tiles = softwareTiles(facts)
  // lavapipe has vector shifts; f16 support distinguishes it from SwiftShader.
  const codes: Choice<Decoder<'q8'> & Decoder<'q4'>> = facts.f16
    ? { variant: 'mantissa', why: 'On this CPU adapter, bit operations are faster than number conversions.' }
    : {
        variant: 'unorm',
        why: 'On this CPU adapter, unpacking four codes at once is faster than shifting them.',
      }
  return {
    rows: softwareMatvec(facts),
    products: tiles,
    halves: { variant: 'plain', why: 'CPU adapters have no matrix units.' },
    attention: tiles,
    reduce,
    fp8_block: { variant: 'f16', why: 'A CPU decodes two FP8 codes at once by way of f16.' },
    q8: codes,
    q4: codes,
    banks: { variant: 1, why: 'A CPU adapter reads all buffers that a shader can select.' },
  }
}

/** Subgroup size that CPU variants use; undefined without subgroups of four or more. */
const softwareSubgroupSize = ({ subgroupSize }: Facts): 4 | 8 | undefined =>
  subgroupSize >= 8 ? 8 : subgroupSize >= 4 ? 4 : undefined

const NO_SUBGROUPS = 'The CPU adapter reports no subgroups of four or more.'

function softwareMatvec(facts: Facts): Choice<Variants['rows']> {
  const size = softwareSubgroupSize(facts)
  if (!size) return { variant: 'alone', why: NO_SUBGROUPS }
  return {
    variant: SUBGROUP_MATVEC[size],
    why:
      `A CPU gathers at every load; ${size} invocations side by side read a row in order, ` +
      'with inputs for 64 rows.',
  }
}

function softwareTiles(facts: Facts): Choice<Sharing> {
  const size = softwareSubgroupSize(facts)
  if (!size) return { variant: 'workgroup', why: NO_SUBGROUPS }
  return {
    variant: BROADCAST[size],
    why: `On a CPU every load is a gather; ${size} invocations load for each other instead.`,
  }
}

/** The variants of a device on which nothing was measured. */
export function chooseVariants(facts: Facts): Variants {
  const chosen = Object.entries(explainVariants(facts)).map(([decision, { variant }]) => [decision, variant])
  return Object.fromEntries(chosen) as Variants
}
