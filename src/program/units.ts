// The units of a step, in order: what a submission may hold a range of, or a slice of one.
import type { Kernel } from '../gpu/kernel.ts'
import type { GridSize } from './graph.ts'

/** One dispatch, or one round of a dispatch in a loop. */
export interface Unit {
  readonly dispatch: number // index into the program's dispatches
  readonly block: number // round of its loop
  readonly kernel: Kernel
  readonly variant: string // equal for dispatches that differ in their operands alone
  readonly grid: GridSize
  readonly work: number // of a workgroup, relative to other units of the variant
}

/** What one submission runs of a step: units `first` to `end` − 1, or workgroups of one unit. */
export interface StepPart {
  readonly first: number
  readonly end: number
  readonly slice?: GroupRange
}

/** Workgroups of a unit, counted row by row; rows lie across the dimension in which its kernel is sliced. */
export interface GroupRange {
  readonly first: number
  readonly count: number // within one row, or whole rows
}

export const workgroupsOf = ({ grid: [x, y = 1, z = 1] }: Pick<Unit, 'grid'>): number => x * y * z

/** Workgroups of one row of a unit that can be sliced. */
export const rowOf = ({ grid: [x, y = 1], kernel }: Pick<Unit, 'grid' | 'kernel'>): number =>
  kernel.slicedAlong === 'x' ? y : x

/** The rectangle of workgroups that a range covers. */
export function rectangleOf(unit: Pick<Unit, 'grid' | 'kernel'>, { first, count }: GroupRange) {
  const row = rowOf(unit)
  const along = [Math.floor(first / row), Math.max(1, count / row)] as const
  const across = [first % row, Math.min(count, row)] as const
  const [x, y] = unit.kernel.slicedAlong === 'x' ? [along, across] : [across, along]
  return { first: [x[0], y[0]] as const, size: [x[1], y[1]] as const }
}
