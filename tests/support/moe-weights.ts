// Random MoE weights for tests: experts packed into banks behind a slot table, and the numbers they hold.
import type { ScaleBlock } from '../../src/gpu/formats.ts'
import type { Expert, ExpertChoice } from '../../src/reference/moe.ts'
import { seededRandom } from './numbers.ts'
import { type PackedMatrix, packMatrix, randomMatrix, type WeightFormat } from './weights.ts'

export interface MoeSizes {
  readonly hidden: number
  readonly experts: number
  readonly intermediateSize: number
  readonly shared: number // intermediate size of the shared expert; 0 = none
  readonly banks: number
  readonly format: WeightFormat
  readonly blocks: ScaleBlock // of weights that share a scale
}

/** The up or down matrices of all experts, and what a kernel needs to find them. */
export interface ExpertBanks {
  readonly banks: readonly Uint32Array[]
  readonly slots: Uint32Array // [experts + 1, 2]: bank and base in vec4s
  readonly routed: PackedMatrix
  readonly shared: PackedMatrix | undefined
}

export interface TestMoe {
  readonly sizes: MoeSizes
  readonly up: ExpertBanks
  readonly down: ExpertBanks
  readonly upStart: number // first up row of a routed matrix
  readonly sharedUpStart: number
  readonly experts: readonly Expert[] // the shared one last
}

/** Random experts, scattered over the banks in random order. */
export function randomMoe(sizes: MoeSizes): TestMoe {
  const { hidden, experts, intermediateSize, shared, format, blocks } = sizes
  const widths = [...new Array<number>(experts).fill(intermediateSize), ...(shared > 0 ? [shared] : [])]
  const start = (width: number) => Math.ceil(width / blocks.rows) * blocks.rows
  const up = widths.map((width, e) => packGateAndUp(width, start(width), sizes, e + 1))
  const down = widths.map((width, e) => randomMatrix([hidden, width], format, 100 + e, blocks))
  return {
    sizes,
    up: scatterOverBanks(up, sizes, 7),
    down: scatterOverBanks(down, sizes, 8),
    upStart: start(intermediateSize),
    sharedUpStart: start(shared),
    experts: widths.map((width, e) => {
      const values = up[e]?.values ?? new Float64Array()
      const both = new Float64Array(2 * width * hidden)
      both.set(values.subarray(0, width * hidden))
      both.set(values.subarray(start(width) * hidden), width * hidden)
      return { up: both, down: down[e]?.values ?? new Float64Array() }
    }),
  }
}

/** Gate rows, padding up to the next row of blocks, up rows. */
function packGateAndUp(width: number, start: number, { hidden, format, blocks }: MoeSizes, seed: number) {
  const source = randomMatrix([start + width, hidden], 'f32', seed).values
  source.fill(0, width * hidden, start * hidden)
  return packMatrix(source, hidden, format, blocks)
}

function scatterOverBanks(
  matrices: readonly PackedMatrix[],
  { banks, experts }: MoeSizes,
  seed: number,
): ExpertBanks {
  const next = seededRandom(seed)
  const order = matrices.map((_, e) => ({ e, key: next() })).sort((a, b) => a.key - b.key)
  // 16 words of filler, so that no expert begins at 0.
  const contents = Array.from({ length: banks }, () => new Array<number>(16).fill(0xdead))
  const slots = new Uint32Array(2 * (experts + 1)).fill(0xffffffff)
  order.forEach(({ e }, i) => {
    const words = contents[i % banks] ?? []
    slots.set([i % banks, words.length / 4], 2 * e)
    words.push(...(matrices[e]?.words ?? []))
  })
  const [routed] = matrices
  if (!routed) throw new Error('a mixture needs an expert')
  return { banks: contents.map((words) => Uint32Array.from(words)), slots, routed, shared: matrices[experts] }
}

/** Distinct random experts for each token, chosen from `candidates`, with weights. */
export function randomRoutes(
  tokens: number,
  expertsPerToken: number,
  candidates: readonly number[],
  seed: number,
): ExpertChoice[][] {
  const next = seededRandom(seed)
  return Array.from({ length: tokens }, () => {
    const order = candidates.map((expert) => ({ expert, key: next() })).sort((a, b) => a.key - b.key)
    return order
      .slice(0, expertsPerToken)
      .map(({ expert }) => ({ expert, weight: Math.fround(next() + 0.1) }))
  })
}
