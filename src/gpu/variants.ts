// Answers: which variants of the kernels can a device run, which does it get, and why? Every variant of a decision computes the same.
// It must not know which modules stand behind a name, nor how a device is opened.

/** What a device tells of itself, as far as variants depend on it. */
export interface Facts {
  readonly f16: boolean
  readonly subgroups: boolean
  readonly subgroupSize: number // that of the smallest subgroup; 0 without subgroups, or where it is not told
  readonly matrices: boolean // subgroup matrices of 8 × 8 that multiply f16 into f32
  readonly software: boolean // runs on the CPU: arithmetic and barriers cost more than memory
}

/** How work is shared among invocations that need the same inputs: through workgroup memory, or by broadcasts within subgroups of 4 or 8. */
export type Sharing = 'workgroup' | 'spread_4' | 'spread_8'

/** How the codes of a format become numbers: by the plain way of `shaders/weights/<format>`, or by the module `<format>_<reading>`. */
export const READINGS = {
  fp8_block: ['plain', 'f16'],
  q8: ['plain', 'mantissa', 'unorm'],
  q4: ['plain', 'mantissa', 'unorm'],
} as const

type Reading<F extends keyof typeof READINGS> = (typeof READINGS)[F][number]

/** One variant for each decision. */
export interface Variants {
  /** Weight rows of a product in decode: 8, 16 or 32 neighbours on a row, 16 rows to an invocation, or 64 rows to a subgroup of 4 or 8 side by side. */
  readonly rows: 'lanes_8' | 'lanes_16' | 'lanes_32' | 'alone' | 'columns_4' | 'columns_8'
  /** Tiles of prefill's products. */
  readonly products: Sharing
  /** Tiles of prefill's products that hold f16, where those are asked for. */
  readonly halves: 'plain' | 'matrix'
  /** Attention over the cache, in decode and in prefill. */
  readonly attention: Sharing
  /** Sums over a workgroup. */
  readonly reduce: 'plain' | 'subgroup'
  /** Decode's reading of a format. */
  readonly fp8_block: Reading<'fp8_block'>
  readonly q8: Reading<'q8'>
  readonly q4: Reading<'q4'>
  /** Banks of experts that a dispatch of decode binds. */
  readonly banks: 1 | 4
}

export type Decision = keyof Variants
export type VariantLists = { readonly [D in Decision]: readonly Variants[D][] }

/** What is right on every device that keeps to the specification; what others are held against. */
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

/** All variants that a device can run, the plain one first. */
export function possibleVariants({ subgroups, subgroupSize, matrices }: Facts): VariantLists {
  const widths = ([4, 8] as const).filter((width) => subgroupSize >= width)
  const spread = widths.map((width) => `spread_${width}` as const)
  return {
    rows: ['lanes_8', 'lanes_16', 'lanes_32', 'alone', ...widths.map((width) => `columns_${width}` as const)],
    products: ['workgroup', ...spread],
    halves: matrices ? ['plain', 'matrix'] : ['plain'],
    attention: ['workgroup', ...spread],
    reduce: subgroups ? ['plain', 'subgroup'] : ['plain'],
    ...READINGS,
    banks: [4, 1],
  }
}

/** A variant and what speaks for it. */
export interface Choice<V> {
  readonly variant: V
  readonly why: string
}

/** What a device gets when nothing was measured on it, with reasons (figures: PERFORMANCE.md). */
export function explainVariants(facts: Facts): { readonly [D in Decision]: Choice<Variants[D]> } {
  const reduce: Choice<Variants['reduce']> = facts.subgroups
    ? { variant: 'subgroup', why: 'Subgroups add without barriers.' }
    : { variant: 'plain', why: 'The device has no subgroups.' }
  if (!facts.software) {
    const tiles = { variant: 'workgroup', why: 'A GPU shares loads through workgroup memory.' } as const
    const plain = {
      variant: 'plain',
      why: 'A GPU has one instruction for each step of the plain way.',
    } as const
    return {
      rows: { variant: 'lanes_8', why: 'Neighbours on a GPU read neighbouring words of a row.' },
      products: tiles,
      halves: facts.matrices
        ? { variant: 'matrix', why: 'The device multiplies tiles of 8 × 8 at once.' }
        : { variant: 'plain', why: 'The device tells of no subgroup matrices.' },
      attention: tiles,
      reduce,
      fp8_block: plain,
      q8: plain,
      q4: plain,
      banks: { variant: 4, why: 'A GPU reads the buffer that it chooses, and no other.' },
    }
  }
  const tiles = softwareSharing(facts)
  // lavapipe, told by its f16, has vector shifts.
  const codes: Choice<Reading<'q8'> & Reading<'q4'>> = facts.f16
    ? { variant: 'mantissa', why: 'This CPU adapter is quicker at moving bits than at converting numbers.' }
    : {
        variant: 'unorm',
        why: 'This CPU adapter is quicker at unpacking four codes at once than at shifting them.',
      }
  return {
    rows: softwareRows(facts),
    products: tiles,
    halves: { variant: 'plain', why: 'A CPU has no unit that multiplies matrices.' },
    attention: tiles,
    reduce,
    fp8_block: { variant: 'f16', why: 'A CPU widens two FP8 codes at once by way of f16.' },
    q8: codes,
    q4: codes,
    banks: { variant: 1, why: 'A CPU reads all buffers wherever a shader chooses one of them.' },
  }
}

/** Invocations that work together on a CPU; undefined without subgroups of four or more. */
const softwareWidth = ({ subgroupSize }: Facts): 4 | 8 | undefined =>
  subgroupSize >= 8 ? 8 : subgroupSize >= 4 ? 4 : undefined

const NO_SUBGROUPS = 'The CPU adapter tells of no subgroups of four or more.'

function softwareRows(facts: Facts): Choice<Variants['rows']> {
  const width = softwareWidth(facts)
  if (!width) return { variant: 'alone', why: NO_SUBGROUPS }
  return {
    variant: `columns_${width}`,
    why: `A CPU gathers at every load; ${width} invocations side by side read a row in order, with inputs for 64 rows.`,
  }
}

function softwareSharing(facts: Facts): Choice<Sharing> {
  const width = softwareWidth(facts)
  if (!width) return { variant: 'workgroup', why: NO_SUBGROUPS }
  return {
    variant: `spread_${width}`,
    why: `A CPU gathers at every load; ${width} invocations load for each other instead.`,
  }
}

/** The variants that a device gets when nothing was measured on it. */
export function chooseVariants(facts: Facts): Variants {
  const chosen = Object.entries(explainVariants(facts)).map(([decision, { variant }]) => [decision, variant])
  return Object.fromEntries(chosen) as Variants
}
