// Answers: how do shards get onto the disk? Pages that stay zero are never written, so that the file system need not keep them.
// It must not know which tensors there are.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { Shard } from '../../weights/shards.ts'
import type { MadeTensor } from './contents.ts'
import { keyOf, PAGE, type PageMaker, pageMaker } from './numbers.ts'

const CHUNK_PAGES = 2048

/** Bytes that a shard will take on disk. */
export function bytesOnDisk({ header, tensors }: Shard<MadeTensor>): number {
  return tensors.reduce((sum, { tensor }) => sum + Math.ceil(tensor.bytes / tensor.period), header.length)
}

/** A writer of shards with numbers of their own for each seed. */
export function shardWriter(seed: number): (path: string, shard: Shard<MadeTensor>) => void {
  const makers = new Map<string, PageMaker>()
  const makerOf = ({ numbers }: MadeTensor): PageMaker => {
    const name = JSON.stringify(numbers)
    const maker = makers.get(name) ?? pageMaker(numbers, seed)
    makers.set(name, maker)
    return maker
  }
  const chunk = new Uint32Array((CHUNK_PAGES * PAGE) / 4)
  return (path, { header, tensors, bytes }) => {
    const descriptor = openSync(path, 'wx')
    try {
      ftruncateSync(descriptor, bytes)
      writeAt(descriptor, header, 0)
      for (const { tensor, start } of tensors) {
        const make = makerOf(tensor)
        const key = keyOf(seed, tensor.name)
        if (tensor.period === 1)
          writeAll(descriptor, tensor, start, (pages, first) => make(pages, key, first), chunk)
        else writeSome(descriptor, tensor, start, (pages, first) => make(pages, key, first), chunk)
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

type Make = (pages: Uint32Array, first: number) => void

function writeAll(
  descriptor: number,
  { bytes }: MadeTensor,
  start: number,
  make: Make,
  chunk: Uint32Array,
): void {
  for (let done = 0; done < bytes; done += chunk.byteLength) {
    const part = Math.min(chunk.byteLength, bytes - done)
    const pages = chunk.subarray(0, Math.ceil(part / PAGE) * (PAGE / 4))
    make(pages, done / PAGE)
    writeAt(descriptor, new Uint8Array(chunk.buffer, 0, part), start + done)
  }
}

/** One page of the file in `period`, of those that lie in the tensor as a whole. Experts take turns, gate and up of one agree. */
function writeSome(
  descriptor: number,
  tensor: MadeTensor,
  start: number,
  make: Make,
  chunk: Uint32Array,
): void {
  const { name, bytes, period } = tensor
  const page = chunk.subarray(0, PAGE / 4)
  const written = new Uint8Array(chunk.buffer, 0, PAGE)
  const first = Math.ceil(start / PAGE) * PAGE
  const turn = keyOf(0, name.slice(0, name.lastIndexOf('.', name.length - '.weight'.length - 1))) % period
  for (let at = first + turn * PAGE; at + PAGE <= start + bytes; at += period * PAGE) {
    make(page, (at - first) / PAGE)
    writeAt(descriptor, written, at)
  }
}

function writeAt(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}
