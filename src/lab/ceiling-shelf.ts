// Answers: what is the most that this device can do, without finding it out anew for each run? Ceilings are kept until others are asked for.
// It must not know what is compared with them.
import type { CaseMaker } from '../bench/kernels/case.ts'
import { readCeiling, weightsCeiling } from '../bench/kernels/ceilings.ts'
import type { CeilingRun } from '../bench/kernels/loops.ts'
import { type ProductShape, V2_LITE } from '../bench/kernels/model.ts'
import { productCeilings } from '../bench/kernels/product-ceiling.ts'
import { Room } from '../bench/kernels/room.ts'
import type { Bench } from '../bench/kernels/run.ts'
import type { Format } from '../gpu/matrix.ts'

/** A processor that plays GPU would take minutes for the products of a model, and is busy with less. */
const SMALL: ProductShape = { tokens: 64, rows: 512, cols: 512 }

export interface Ceilings {
  readonly top: CeilingRun
  readonly read: CeilingRun
}

/** The loops that were best, with the buffers they read: one read, and one ceiling beside it. */
export class CeilingShelf {
  readonly #bench: Bench
  readonly #kept = new Map<'read' | 'top', { key: string; room: Room; found: CeilingRun }>()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** What a case is compared with; the best loops are found where they are not known. */
  async of({ ceiling, stored }: CaseMaker, format: Format, roundBytes: number): Promise<Ceilings> {
    const bench = this.#bench
    const read = await this.#find('read', `${roundBytes}`, (room) => readCeiling(room, bench, roundBytes))
    if (ceiling === 'product') {
      const formats = stored === 'none' ? [] : [format]
      const top = await this.#find('top', `products ${formats}`, async (room) => {
        const shapes = bench.device.capabilities.software ? [SMALL] : V2_LITE.products
        const options = { shapes, products: 'f32' } as const
        return (await productCeilings(room, bench, formats, options)).of(formats)
      })
      return { top, read }
    }
    if (stored === 'none') return { top: read, read }
    const top = await this.#find('top', `${format} ${roundBytes}`, (room) =>
      weightsCeiling(room, bench, format, roundBytes),
    )
    return { top, read }
  }

  async #find(
    place: 'read' | 'top',
    key: string,
    find: (room: Room) => Promise<CeilingRun>,
  ): Promise<CeilingRun> {
    const kept = this.#kept.get(place)
    if (kept?.key === key) return kept.found
    kept?.found.run.free()
    kept?.room.free()
    this.#kept.delete(place)
    const { device } = this.#bench
    const room = new Room(device)
    const found = await device.arena.guard('a ceiling', () => find(room))
    this.#kept.set(place, { key, room, found })
    return found
  }
}
