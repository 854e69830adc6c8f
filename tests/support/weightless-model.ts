// A published model's folder without weights: config, index and headers at full size.
import { describeModel } from '../../src/models/describe.ts'
import { fp8BlockOf } from '../../src/models/quantization-fields.ts'
import type { ModelSpec } from '../../src/models/spec.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import type { Source } from '../../src/weights/source.ts'

/** The first read of a header may extend this far beyond it. */
const FIRST_READ = 128 * 1024

export interface WeightlessModel {
  readonly source: Source
  readonly spec: ModelSpec
  /** Bytes read in total, and how many of them belong to weights. */
  readonly read: { total: number; weights: number }
}

/** A folder of `shards` files for this config: FP8 with scales if the config says so, else BF16. */
export function weightlessModel(config: Readonly<Record<string, unknown>>, shards: number): WeightlessModel {
  const spec = describeModel(config)
  const entries = listTensors(spec).flatMap(({ name, shape }) => storedAs(spec, name, shape))
  const files = new Map<string, { head: Uint8Array<ArrayBuffer>; bytes: number }>()
  const weightMap: Record<string, string> = {}
  const perShard = Math.ceil(entries.length / shards)
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${shard + 1}-of-${shards}.safetensors`
    const shardEntries = entries.slice(shard * perShard, (shard + 1) * perShard)
    for (const { name } of shardEntries) weightMap[name] = file
    files.set(file, shardOf(shardEntries))
  }
  const texts = {
    'config.json': config,
    'model.safetensors.index.json': { weight_map: weightMap },
    'tokenizer.json': {},
  }
  for (const [file, json] of Object.entries(texts)) {
    const head = new TextEncoder().encode(JSON.stringify(json))
    files.set(file, { head, bytes: head.length })
  }
  const read = { total: 0, weights: 0 }
  const find = (path: string) => {
    const file = files.get(path)
    if (!file) throw new Error(`${path} should not be read`)
    return file
  }
  const source: Source = {
    name: 'hollow',
    size: async (path) => find(path).bytes,
    exists: async (path) => files.has(path),
    async read(path, start, end) {
      const { head } = find(path)
      if (start > head.length || end > Math.max(head.length, FIRST_READ))
        throw new Error(`a weight of ${path} was read`)
      read.total += end - start
      read.weights += Math.max(0, end - head.length)
      const bytes = new Uint8Array(end - start)
      bytes.set(head.subarray(start, end))
      return bytes
    },
  }
  return { source, spec, read }
}

interface StoredTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: number
}

function storedAs(spec: ModelSpec, name: string, shape: readonly number[]): StoredTensor[] {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const plain = shape.length === 1 || /embed_tokens|lm_head|mlp\.gate\.weight/.test(name)
  const block = fp8BlockOf(spec.quantization)
  if (!block || plain) return [{ name, dtype: 'BF16', shape, bytes: size * 2 }]
  const [rows = 0, cols = 0] = shape
  const blocks = [Math.ceil(rows / block.rows), Math.ceil(cols / block.cols)] as const
  return [
    { name, dtype: 'F8_E4M3', shape, bytes: size },
    { name: `${name}_scale_inv`, dtype: 'F32', shape: blocks, bytes: blocks[0] * blocks[1] * 4 },
  ]
}

function shardOf(entries: readonly StoredTensor[]) {
  let at = 0
  const header: Record<string, unknown> = {}
  for (const { name, dtype, shape, bytes } of entries) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes] }
    at += bytes
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const head = new Uint8Array(8 + json.length)
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true)
  head.set(json, 8)
  return { head, bytes: head.length + at }
}
