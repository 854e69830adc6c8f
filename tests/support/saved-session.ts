// Changes saved sessions as a damaged disk or an attacker would.
import { createHash } from 'node:crypto'
import { fillRandomWords } from '../../src/lib/random.ts'

/** Where the hash ends, and the content that it covers begins. */
const CONTENT = 8 + 4 + 32
const BLOCK_BYTES = 4 << 20

const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The file with the hash of what it holds. */
export function withHash(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(file)
  const hashes: Uint8Array[] = []
  for (let at = CONTENT; at < bytes.length; at += BLOCK_BYTES)
    hashes.push(sha256(bytes.subarray(at, at + BLOCK_BYTES)))
  bytes.set(sha256(...hashes), CONTENT - 32)
  return bytes
}

/** The header of a saved session, and the bytes after it. */
export function readSave(file: Uint8Array): {
  header: Record<string, unknown>
  rest: Uint8Array
  end: number
} {
  const end = CONTENT + 4 + new DataView(file.buffer, file.byteOffset).getUint32(CONTENT, true)
  const text = new TextDecoder().decode(file.subarray(CONTENT + 4, end))
  return { header: JSON.parse(text), rest: file.subarray(end), end }
}

/** The file with changed fields of its header, and the hash of that. */
export function withHeader(
  file: Uint8Array,
  change: Readonly<Record<string, unknown>>,
): Uint8Array<ArrayBuffer> {
  const { header, rest } = readSave(file)
  const text = new TextEncoder().encode(JSON.stringify({ ...header, ...change }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return withHash(Buffer.concat([file.subarray(0, CONTENT), length, text, rest]))
}

/** Values that no header, or only another one, has. */
const VALUES = ['other', 0, -1, 1.5, 2 ** 32, 1e300, null, [], {}, undefined, 'x'.repeat(70_000)]

/** Whether a mutation has the hash of its result. */
export const hasRightHash = (seed: number): boolean => seed % 7 >= 4

/** One mutation of a file: bytes are changed, cut or inserted. */
export function mutatedSave(file: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const random = new Uint32Array(16)
  fillRandomWords(random, seed + 1)
  const pick = (index: number, below: number) => (random[index] ?? 0) % below
  const { header, end } = readSave(file)
  const flipped = (below: number) => {
    const bytes = new Uint8Array(file)
    for (let flip = 0; flip <= pick(4, 3); flip++) {
      const at = pick(5 + 2 * flip, below)
      bytes[at] = (bytes[at] ?? 0) ^ (1 + pick(6 + 2 * flip, 255))
    }
    return bytes
  }
  const at = pick(5, file.length)
  switch (seed % 7) {
    case 0:
      return flipped(file.length)
    case 1:
      return flipped(end)
    case 2:
      return new Uint8Array(file.subarray(0, at))
    case 3:
      return Buffer.concat([file.subarray(0, at), file.subarray(0, 1 + pick(6, 99)), file.subarray(at)])
    case 4:
      return withHash(flipped(end))
    case 5:
      return withHash(new Uint8Array(file.subarray(0, CONTENT + pick(5, file.length - CONTENT))))
    default: {
      const names = Object.keys(header)
      return withHeader(file, { [names[pick(5, names.length)] ?? '']: VALUES[pick(6, VALUES.length)] })
    }
  }
}

/** A file on a disk that fails at a read. */
export function failingBlob(file: Blob, reads: number): Blob {
  let left = reads
  class FailingBlob extends Blob {
    override slice(...range: Parameters<Blob['slice']>): Blob {
      return new FailingBlob([super.slice(...range)])
    }

    override async arrayBuffer(): Promise<ArrayBuffer> {
      if (left-- === 0) throw new Error('The disk does not answer.')
      return super.arrayBuffer()
    }
  }
  return new FailingBlob([file])
}
