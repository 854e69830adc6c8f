// Answers: which tensors lie in which file, and at which bytes? Shards as released ones are cut. It must not write anything.
import type { MadeTensor } from './contents.ts'
import { bytesOfNumber, PAGE } from './numbers.ts'

export interface Shard {
  readonly file: string
  readonly header: Uint8Array // with its length in front; padded so that the data begin with a page
  readonly tensors: readonly { readonly tensor: MadeTensor; readonly start: number }[]
  readonly bytes: number
}

/** Cuts the tensors, in their order, into files of at most `shardBytes` of data, or of one larger tensor. */
export function planShards(tensors: readonly MadeTensor[], shardBytes: number): Shard[] {
  const groups: MadeTensor[][] = []
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
function layOut(file: string, group: readonly MadeTensor[]): Shard {
  const order = [...group].sort(
    (a, b) => bytesOfNumber(b.numbers.type) - bytesOfNumber(a.numbers.type) || (a.name < b.name ? -1 : 1),
  )
  const entries: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  let end = 0
  const starts = order.map((tensor) => {
    const start = end
    end += tensor.bytes
    entries[tensor.name] = { dtype: tensor.numbers.type, shape: tensor.shape, data_offsets: [start, end] }
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

function encodeHeader(json: string): Uint8Array {
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
