// Answers: what is the most that this device can do, without finding it out anew for each run? Ceilings are kept until others are asked for.
// It must not know what is compared with them.
import {
  type CeilingRun,
  plainProductCeiling,
  readCeiling,
  weightsCeiling,
} from '../bench/kernels/ceilings.ts'
import { Room } from '../bench/kernels/room.ts'
import type { Bench } from '../bench/kernels/run.ts'
import type { Format } from '../gpu/matrix.ts'

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

  /** Finds the best loops where they are not known. `product`: compare multiplications, not bytes. */
  async of(format: Format, product: boolean, roundBytes: number): Promise<Ceilings> {
    const bench = this.#bench
    const read = await this.#find('read', `${roundBytes}`, (room) => readCeiling(room, bench, roundBytes))
    const top = product
      ? await this.#find('top', 'product', (room) => plainProductCeiling(room, bench))
      : await this.#find('top', `${format} ${roundBytes}`, (room) =>
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
