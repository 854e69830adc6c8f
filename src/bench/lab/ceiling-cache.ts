// Caches the roofline ceilings of the device between lab runs.

import type { StorageFormat } from '../../gpu/formats.ts'
import { BenchBuffers } from '../kernels/buffers.ts'
import type { CaseMaker } from '../kernels/case.ts'
import { readCeiling, weightsCeiling } from '../kernels/ceilings.ts'
import type { BenchContext } from '../kernels/dispatch-timer.ts'
import type { CeilingRun } from '../kernels/fastest-loop.ts'
import { matmulCeilings } from '../kernels/matmul-ceiling.ts'
import { type MatmulShape, V2_LITE } from '../kernels/model-widths.ts'

/** Shape for software adapters, which would take minutes at the shapes of a model. */
const SMALL_SHAPE: MatmulShape = { tokens: 64, rows: 512, cols: 512 }

export interface CaseCeilings {
  readonly ceiling: CeilingRun
  readonly read: CeilingRun
}

/** Keeps the fastest loops with their buffers: one streaming read, and one other ceiling. */
export class CeilingCache {
  readonly #bench: BenchContext
  readonly #cached = new Map<'read' | 'top', { key: string; buffers: BenchBuffers; found: CeilingRun }>()

  constructor(bench: BenchContext) {
    this.#bench = bench
  }

  /** The ceilings of a case, measured if they are not cached. Throws `internal` if a loop miscalculates. */
  async forCase(
    { ceiling, weightFormat }: CaseMaker,
    format: StorageFormat,
    roundBytes: number,
  ): Promise<CaseCeilings> {
    const bench = this.#bench
    const read = await this.#measure('read', `${roundBytes}`, (buffers) =>
      readCeiling(buffers, bench, roundBytes),
    )
    if (ceiling === 'product') {
      const formats = weightFormat === 'none' ? [] : [format]
      const top = await this.#measure('top', `matmul ${formats}`, async (buffers) => {
        const shapes = bench.device.capabilities.software ? [SMALL_SHAPE] : V2_LITE.matmulShapes
        const options = { shapes, matmulPrecision: 'f32' } as const
        return (await matmulCeilings(buffers, bench, formats, options)).best(formats)
      })
      return { ceiling: top, read }
    }
    if (weightFormat === 'none') return { ceiling: read, read }
    const top = await this.#measure('top', `${format} ${roundBytes}`, (buffers) =>
      weightsCeiling(buffers, bench, format, roundBytes),
    )
    return { ceiling: top, read }
  }

  async #measure(
    entry: 'read' | 'top',
    key: string,
    measure: (buffers: BenchBuffers) => Promise<CeilingRun>,
  ): Promise<CeilingRun> {
    const cached = this.#cached.get(entry)
    if (cached?.key === key) return cached.found
    cached?.found.timer.free()
    cached?.buffers.free()
    this.#cached.delete(entry)
    const { device } = this.#bench
    const buffers = new BenchBuffers(device)
    const found = await device.arena.guard('a ceiling', () => measure(buffers))
    this.#cached.set(entry, { key, buffers, found })
    return found
  }
}
