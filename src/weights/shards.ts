// Plans the safetensors files of a checkpoint to be written: which tensor lies in which file, at which bytes.
import { bytesPerElement, type Dtype } from './safetensors.ts'

/** A tensor to be written. */
export interface ShardTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: number
}

export interface ShardLayout<T extends ShardTensor = ShardTensor> {
  readonly file: string
  readonly header: Uint8Array<ArrayBuffer> // begins with its length; padded so that the data start on a page
  readonly tensors: readonly { readonly tensor: T; readonly start: number }[] // by offset, without gaps
  readonly bytes: number
}

/** The page size of common file systems, or a divisor of it. */
const PAGE_BYTES = 4096

/**
 * Splits the tensors, in order, into files of at most `shardBytes` of data; a larger tensor gets its own
 * file.
 */
export function planShards<T extends ShardTensor>(
  tensors: readonly T[],
  shardBytes: number,
): ShardLayout<T>[] {
  const groups: T[][] = []
  let filled = Number.POSITIVE_INFINITY
  for (const tensor of tensors) {
    if (filled + tensor.bytes > shardBytes) {
      groups.push([])
      filled = 0
    }
    groups.at(-1)?.push(tensor)
    filled += tensor.bytes
  }
  return groups.map((group, index) => layOutShard(shardName(index, groups.length), group))
}

/** The usual name of a file of weights, of `count`. */
export function shardName(index: number, count: number): string {
  const number = (n: number) => String(n).padStart(5, '0')
  return count === 1 ? 'model.safetensors' : `model-${number(index + 1)}-of-${number(count)}.safetensors`
}

/**
 * Orders the tensors of a file as the safetensors library does: by element size, largest first, then by name.
 * @param format of the metadata: the framework whose layout the tensors have
 */
export function layOutShard<T extends ShardTensor>(
  file: string,
  group: readonly T[],
  format = 'pt',
): ShardLayout<T> {
  const ordered = [...group].sort(
    (a, b) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (a.name < b.name ? -1 : 1),
  )
  const entries: Record<string, unknown> = { __metadata__: { format } }
  let end = 0
  const starts = ordered.map(({ name, dtype, shape, bytes }) => {
    const start = end
    end += bytes
    entries[name] = { dtype, shape, data_offsets: [start, end] }
    return start
  })
  const header = encodeHeader(JSON.stringify(entries))
  return {
    file,
    header,
    tensors: ordered.map((tensor, index) => ({ tensor, start: header.length + (starts[index] ?? 0) })),
    bytes: header.length + end,
  }
}

function encodeHeader(json: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json)
  const header = new Uint8Array(Math.ceil((8 + text.length) / PAGE_BYTES) * PAGE_BYTES).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true)
  header.set(text, 8)
  return header
}

/** The content of model.safetensors.index.json. */
export interface ShardIndex {
  readonly metadata: { readonly total_size: number }
  readonly weight_map: Readonly<Record<string, string>>
}

/** The index of these shards. */
export function shardIndex(shards: readonly ShardLayout[]): ShardIndex {
  const entries = shards.flatMap(({ file, tensors }) => tensors.map(({ tensor }) => ({ tensor, file })))
  return {
    metadata: { total_size: entries.reduce((sum, { tensor }) => sum + tensor.bytes, 0) },
    weight_map: Object.fromEntries(entries.map(({ tensor, file }) => [tensor.name, file])),
  }
}
