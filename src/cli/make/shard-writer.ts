// Writes shards of random weights. Pages that stay zero are skipped, so that the files are sparse.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { ShardLayout } from '../../weights/shards.ts'
import { type FillRandomPages, keyOf, PAGE_BYTES, randomPages } from './random-pages.ts'
import type { RandomTensor } from './random-tensors.ts'

const CHUNK_PAGES = 2048

/** Bytes that a shard takes on disk. */
export function bytesOnDisk({ header, tensors }: ShardLayout<RandomTensor>): number {
  return tensors.reduce(
    (sum, { tensor }) => sum + Math.ceil(tensor.bytes / tensor.pageInterval),
    header.length,
  )
}

/** Returns a function that writes shards. The same seed gives the same files. */
export function shardWriter(seed: number): (path: string, shard: ShardLayout<RandomTensor>) => void {
  const fillers = new Map<string, FillRandomPages>()
  const fillerOf = ({ distribution }: RandomTensor): FillRandomPages => {
    const key = JSON.stringify(distribution)
    const filler = fillers.get(key) ?? randomPages(distribution, seed)
    fillers.set(key, filler)
    return filler
  }
  const chunk = new Uint32Array((CHUNK_PAGES * PAGE_BYTES) / 4)
  return (path, { header, tensors, bytes }) => {
    const descriptor = openSync(path, 'wx')
    try {
      ftruncateSync(descriptor, bytes)
      writeAt(descriptor, header, 0)
      for (const { tensor, start } of tensors) {
        const fill = fillerOf(tensor)
        const key = keyOf(seed, tensor.stream ?? tensor.name)
        const target = { descriptor, tensor, start, chunk }
        const write = tensor.pageInterval === 1 ? writeDense : writeSparse
        write(target, (pages, first) => fill(pages, key, first))
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

type FillPages = (pages: Uint32Array, first: number) => void

/** Where a tensor is written: an open file, the offset in it, and a buffer to fill. */
interface TensorTarget {
  readonly descriptor: number
  readonly tensor: RandomTensor
  readonly start: number
  readonly chunk: Uint32Array
}

function writeDense({ descriptor, tensor: { bytes }, start, chunk }: TensorTarget, fill: FillPages): void {
  for (let done = 0; done < bytes; done += chunk.byteLength) {
    const part = Math.min(chunk.byteLength, bytes - done)
    const pages = chunk.subarray(0, Math.ceil(part / PAGE_BYTES) * (PAGE_BYTES / 4))
    fill(pages, done / PAGE_BYTES)
    writeAt(descriptor, new Uint8Array(chunk.buffer, 0, part), start + done)
  }
}

/**
 * Writes one page in `pageInterval` of the pages that lie wholly in the tensor. Which one depends on the
 * expert, so that experts differ, and gate and up of an expert agree.
 */
function writeSparse({ descriptor, tensor, start, chunk }: TensorTarget, fill: FillPages): void {
  const { name, bytes, pageInterval } = tensor
  const page = chunk.subarray(0, PAGE_BYTES / 4)
  const written = new Uint8Array(chunk.buffer, 0, PAGE_BYTES)
  const first = Math.ceil(start / PAGE_BYTES) * PAGE_BYTES
  const owner = name.slice(0, name.lastIndexOf('.', name.length - '.weight'.length - 1))
  const offset = (keyOf(0, owner) % pageInterval) * PAGE_BYTES
  for (let at = first + offset; at + PAGE_BYTES <= start + bytes; at += pageInterval * PAGE_BYTES) {
    fill(page, (at - first) / PAGE_BYTES)
    writeAt(descriptor, written, at)
  }
}

function writeAt(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}
