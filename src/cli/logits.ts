// `hadal logits`: writes the logits of every position of a prompt to a safetensors file.
import { writeFile } from 'node:fs/promises'
import { type OptionKinds, oneOf, parseArgs, required } from './args.ts'
import { cacheKindOption, LOAD_OPTIONS, loadFromArgs } from './load.ts'
import { readIds } from './prompt-files.ts'

const OPTIONS: OptionKinds = { ...LOAD_OPTIONS, ids: 'text', out: 'text', mode: 'text', cache: 'text' }

export async function logits(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  required(args, 'model')
  const out = required(args, 'out')
  const mode = oneOf(args, 'mode', ['whole', 'chunked', 'decode'], 'whole')
  const ids = await readIds(required(args, 'ids'))
  const cache = cacheKindOption(args)
  const { engine, close } = await loadFromArgs(args)
  try {
    const values = await engine.logits(ids, mode, { cache })
    await writeFile(out, encodeSafetensors('logits', [ids.length, engine.info.vocab], values))
  } finally {
    await close()
  }
}

/** A safetensors file of one F32 tensor: header length (u64), JSON padded to 8 bytes with spaces, data. */
export function encodeSafetensors(name: string, shape: readonly number[], values: Float32Array): Uint8Array {
  const header = JSON.stringify({ [name]: { dtype: 'F32', shape, data_offsets: [0, values.byteLength] } })
  const json = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8))
  const file = new Uint8Array(8 + json.length + values.byteLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + json.length)
  return file
}
