// Answers: which tensors lie in which file, and at which bytes? Shards as released ones are cut. It must not write anything.
import { bytesOf, type Dtype } from './safetensors.ts'

/** A tensor that is to be stored. */
export interface ShardTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: number
}

export interface Shard<T extends ShardTensor = ShardTensor> {
  readonly file: string
  readonly header: Uint8Array<ArrayBuffer> // with its length in front; padded so that the data begin with a page
  readonly tensors: readonly { readonly tensor: T; readonly start: number }[] // in the order of their bytes, without gaps
  readonly bytes: number
}

/** Of every file system in use, or a part of it. */
const PAGE = 4096

/** Cuts the tensors, in their order, into files of at most `shardBytes` of data, or of one larger tensor. */
export function planShards<T extends ShardTensor>(tensors: readonly T[], shardBytes: number): Shard<T>[] {
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
  const number = (n: number) => String(n).padStart(5, '0')
  return groups.map((group, index) =>
    layOut(
      groups.length === 1
        ? 'model.safetensors'
        : `model-${number(index + 1)}-of-${number(groups.length)}.safetensors`,
      group,
    ),
  )
}

/** Within a file the widest elements come first, then names in their order, as the safetensors library writes them. */
export function layOut<T extends ShardTensor>(file: string, group: readonly T[]): Shard<T> {
  const order = [...group].sort((a, b) => bytesOf(b.dtype) - bytesOf(a.dtype) || (a.name < b.name ? -1 : 1))
  const entries: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  let end = 0
  const starts = order.map(({ name, dtype, shape, bytes }) => {
    const start = end
    end += bytes
    entries[name] = { dtype, shape, data_offsets: [start, end] }
    return start
  })
  const header = encodeHeader(JSON.stringify(entries))
  return {
    file,
    header,
    tensors: order.map((tensor, index) => ({ tensor, start: header.length + (starts[index] ?? 0) })),
    bytes: header.length + end,
  }
}

function encodeHeader(json: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json)
  const header = new Uint8Array(Math.ceil((8 + text.length) / PAGE) * PAGE).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true)
  header.set(text, 8)
  return header
}

/** model.safetensors.index.json of several shards. */
export function indexOf(shards: readonly Shard[]): unknown {
  const placed = shards.flatMap(({ file, tensors }) => tensors.map(({ tensor }) => ({ tensor, file })))
  return {
    metadata: { total_size: placed.reduce((sum, { tensor }) => sum + tensor.bytes, 0) },
    weight_map: Object.fromEntries(placed.map(({ tensor, file }) => [tensor.name, file])),
  }
}
