// Answers: `hadal logits`: the logits of every position of a prompt, as a safetensors file. It must not know how they are computed.
import { writeFile } from 'node:fs/promises'
import { type OptionTypes, oneOf, parseArgs, required } from './args.ts'
import { readIds } from './input.ts'
import { cacheOf, LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionTypes = { ...LOAD_OPTIONS, ids: 'text', out: 'text', mode: 'text', cache: 'text' }

export async function logits(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  required(args, 'model')
  const out = required(args, 'out')
  const mode = oneOf(args, 'mode', ['whole', 'chunked', 'decode'], 'whole')
  const ids = await readIds(required(args, 'ids'))
  const cache = cacheOf(args)
  const { engine, close } = await loadFromArgs(args)
  try {
    const values = await engine.logits(ids, mode, { cache })
    await writeFile(out, encodeSafetensors('logits', [ids.length, engine.info.vocab], values))
  } finally {
    await close()
  }
}

/** One F32 tensor in the safetensors format: header length (u64), JSON padded with spaces to 8 bytes, data. */
export function encodeSafetensors(name: string, shape: readonly number[], values: Float32Array): Uint8Array {
  const header = JSON.stringify({ [name]: { dtype: 'F32', shape, data_offsets: [0, values.byteLength] } })
  const json = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8))
  const file = new Uint8Array(8 + json.length + values.byteLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + json.length)
  return file
}
