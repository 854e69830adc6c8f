// Seeded random experts in a bank, and what they make of random rows.
import { padTo } from '../../gpu/matrix.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { dot, type ExpectedNumber, edges, swiglu } from './kernel-check.ts'
import { type FillRows, heldRows, placementOf, randomRows, rowFiller, wordsOf } from './random-weights.ts'

/** The experts of a check: the routed ones share one matrix, the shared expert has its own. */
export interface RandomExperts {
  readonly operands: Readonly<Record<string, Resource>>
  /** Whether this expert lies in a bank that the dispatch does not bind. */
  readonly skips: (expert: number) => boolean
  readonly held: number // outputs of an expert that may be filled and computed
  readonly routed: FillRows
  readonly shared: FillRows
}

/** Numbers in the slot table that are no bank. */
const NO_BANK = 1000

/**
 * A bank with the routed matrix from its second row on, then the shared expert's. Where a dispatch binds four
 * banks, this is the last and the others are small and empty.
 */
export function randomExperts(buffers: TempBuffers, dispatch: Dispatch): RandomExperts {
  const { constants, imports } = dispatch
  const { HIDDEN = 0, EXPERTS = 0, TOP_K = 0, INTERMEDIATE = 0, SHARED_INTERMEDIATE = 0, UP } = constants
  const { SHARED_UP = 0, SHARED_SCALES = 0, FIRST_BANK = 0 } = constants
  const place = placementOf(dispatch)
  const { SHARED_STRIDE = place.stride / 4, SHARED_SCALE_STRIDE = place.scaleStride } = constants
  const held = heldRows(dispatch, UP === undefined ? HIDDEN : Math.max(INTERMEDIATE, SHARED_INTERMEDIATE))
  const at = (base: number, firstScale: number) => ({ ...place, base, firstScale: base + firstScale })
  const routed = at(place.stride, place.firstScale)
  const rows = (first: number, size: number) => (UP === undefined ? held : first + Math.min(held, size))
  const base = place.stride + padTo(wordsOf(rows(UP ?? 0, INTERMEDIATE), place), 4)
  const shared = {
    ...at(base, SHARED_SCALES),
    stride: 4 * SHARED_STRIDE,
    scaleStride: SHARED_SCALE_STRIDE,
  }
  const sharedWords = wordsOf(rows(SHARED_UP, SHARED_INTERMEDIATE), { ...shared, firstScale: SHARED_SCALES })
  const bank = buffers.zeros(base + (SHARED_INTERMEDIATE > 0 ? sharedWords : 0))
  const first = imports.banks === 'shared/banks_1'
  const empty = buffers.zeros(4)
  const slots = new Uint32Array(2 * EXPERTS + 2)
  // In decode all but one are bound. In prefill only that one is, so that few tiles take time.
  const skips = (expert: number) =>
    TOP_K > 1 && expert < EXPERTS && (expert === EXPERTS - 2) !== (imports.tile !== undefined)
  for (let expert = 0; expert <= EXPERTS; expert++) {
    slots[2 * expert] = skips(expert) ? NO_BANK : FIRST_BANK + (first ? 0 : 3)
    slots[2 * expert + 1] = (expert === EXPERTS ? base : place.stride) / 4
  }
  return {
    operands: {
      slots: buffers.upload(slots),
      ...{ weights0: first ? bank : empty, weights1: empty, weights2: empty, weights3: bank },
    },
    skips,
    held,
    routed: rowFiller(buffers, bank, dispatch, routed),
    shared: rowFiller(buffers, bank, dispatch, shared),
  }
}

/** Outputs of gate and up for some rows of an expert and inputs, as `at(output, input)`. */
export function upSums(
  fill: FillRows,
  { rows, up }: { readonly rows: readonly number[]; readonly up: number },
  inputs: readonly Float32Array[],
  at: (row: number, input: number) => readonly number[],
): ExpectedNumber[] {
  const cols = inputs[0]?.length ?? 0
  const others = fill(
    rows.map((row) => up + row),
    cols,
  )
  return fill(rows, cols).flatMap((gate, r) => {
    const [row, other] = [rows[r] ?? 0, others[r] ?? []]
    return inputs.flatMap((input, i) => {
      const places = at(row, i)
      if (places.length === 0) return []
      const sum = swiglu(dot(gate, input), dot(other, input))
      return places.map((index) => ({ at: index, ...sum }))
    })
  })
}

/** The experts of each token of a check: neighbouring tokens mostly choose the same. */
export const chosenExperts = (
  experts: number,
  topK: number,
  tokens: number,
): readonly (readonly number[])[] =>
  Array.from({ length: tokens }, (_, token) =>
    Array.from({ length: topK }, (_, choice) => (2 * experts - 1 - choice - (token >> 3)) % experts),
  )

/** Small, so that no sum overflows exp(). */
export const smallRows = (rows: number, cols: number, stride?: number) =>
  randomRows(rows, cols, stride, 1 / 64)

export const rowsOf = (numbers: Float32Array, stride: number, cols: number): Float32Array[] =>
  Array.from({ length: numbers.length / stride }, (_, i) => numbers.subarray(i * stride, i * stride + cols))

/** Numbers of a row that no workgroup may write. */
export const unchanged = (before: Float32Array, first: number, count: number): ExpectedNumber[] =>
  edges(count, 16).map((i) => ({ at: first + i, value: before[first + i] ?? 0, magnitude: 0 }))
