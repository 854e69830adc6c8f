// Answers: which buffers does a benchmark hold, and what is in them? It must not know what is measured.
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { Scratch } from '../../program/scratch.ts'
import type { StoredMatrix } from './stored.ts'

/** Buffers, some of which are matrices. */
export class Room extends Scratch {
  /** A matrix in one binding. */
  matrix({ layout, part, words }: StoredMatrix): GpuMatrix {
    const { buffer } = this.upload(words)
    return { ...layout, parts: [{ ...part, buffer }] }
  }
}
